import type { RouteState } from './route-state.js';

/** Every instance as a cluster of Envoy's, under its own name. */
export function clustersOf(states: Iterable<RouteState>): Map<string, object> {
  const clusters = [...states].flatMap((state) =>
    Object.entries(state.addresses).map(([name, addresses]): [string, object] => [name, cluster(name, addresses, state)]),
  );
  return new Map(clusters); // Envoy refuses a name that comes twice
}

function cluster(name: string, addresses: readonly string[], { route }: RouteState): object {
  const { concurrentRequestsMax, outlier } = route.settings;
  const endpoints = addresses.map((address) => ({ endpoint: { address: { socket_address: socketAddress(address) } } }));
  return {
    '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    lb_policy: 'LEAST_REQUEST',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: endpoints }] },
    // What is over max_requests is refused at once; the others only must not bite before it.
    circuit_breakers: {
      thresholds: [
        {
          max_requests: concurrentRequestsMax,
          max_pending_requests: concurrentRequestsMax,
          // Each request may find the same dead replica; by default only three at once may try another one.
          max_retries: concurrentRequestsMax,
          max_connections: Math.min(2 * concurrentRequestsMax, 2 ** 31),
        },
      ],
    },
    outlier_detection: {
      consecutive_5xx: outlier.consecutiveErrors,
      base_ejection_time: `${outlier.ejectSeconds}s`,
      interval: '1s',
      // All but one; with one replica none.
      max_ejection_percent: Math.ceil((100 * (addresses.length - 1)) / addresses.length),
      enforcing_success_rate: 0,
    },
    // By default Envoy sends requests to ejected replicas again where more than half are ejected.
    common_lb_config: { healthy_panic_threshold: { value: 0 } },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        // Shorter than the 5 s after which uvicorn and Node close a quiet connection, perhaps just as a request is sent.
        common_http_protocol_options: { idle_timeout: '3s' },
        explicit_http_config: { http_protocol_options: {} },
      },
    },
  };
}

function socketAddress(address: string): object {
  const colon = address.lastIndexOf(':');
  return { address: address.slice(0, colon), port_value: Number(address.slice(colon + 1)) };
}
