import { join } from 'node:path';
import type { Route } from '../../domain/serving.js';

/** A route, and where its instances answer: all that is needed to configure the proxy. */
export interface StoredRoute {
  readonly route: Route;
  /** host:port of the replicas, by instance. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /** The public keys of `settings.jwt`, as they were when the route was set. */
  readonly jwks: string | null;
}

export const ROUTES_NAME = 'ratchet';
const type = (name: string): string => `type.googleapis.com/${name}`;

/** What the proxy reads, by file. Models come in the order of their names: the same routes are the same files. */
export function renderConfig(
  stored: readonly StoredRoute[],
  { folder, port, version }: { folder: string; port: number; version: string },
): Record<string, unknown> {
  const sorted = [...stored].sort((a, b) => (a.route.model < b.route.model ? -1 : 1));
  return {
    'clusters.json': { version_info: version, resources: sorted.flatMap(clustersOf) },
    'routes.json': { version_info: version, resources: [routesOf(sorted)] },
    'listeners.json': { version_info: version, resources: [listenerOf(sorted, folder, port)] },
  };
}

function clustersOf({ route: { settings }, addresses }: StoredRoute): unknown[] {
  return Object.entries(addresses).map(([instance, hosts]) => ({
    '@type': type('envoy.config.cluster.v3.Cluster'),
    name: instance,
    type: 'STATIC',
    connect_timeout: '0.25s',
    lb_policy: 'LEAST_REQUEST',
    load_assignment: {
      cluster_name: instance,
      endpoints: [{ lb_endpoints: hosts.map((address) => ({ endpoint: { address: socketOf(address) } })) }],
    },
    circuit_breakers: {
      thresholds: [
        {
          max_connections: settings.concurrentRequestsMax,
          max_pending_requests: settings.concurrentRequestsMax,
          max_requests: settings.concurrentRequestsMax,
          max_retries: 3,
        },
      ],
    },
    // Of two replicas one may be left out, of one none: the last healthy one stays in.
    outlier_detection: {
      consecutive_5xx: settings.outlier.consecutiveErrors,
      consecutive_gateway_failure: settings.outlier.consecutiveErrors,
      enforcing_success_rate: 0,
      base_ejection_time: `${settings.outlier.ejectSeconds}s`,
      max_ejection_percent: 50,
    },
  }));
}

function socketOf(address: string): unknown {
  const [host, port] = address.split(':');
  return { socket_address: { address: host, port_value: Number(port) } };
}

function routesOf(stored: readonly StoredRoute[]): unknown {
  return {
    '@type': type('envoy.config.route.v3.RouteConfiguration'),
    name: ROUTES_NAME,
    virtual_hosts: [{ name: ROUTES_NAME, domains: ['*'], routes: stored.map(({ route }) => routeOf(route)) }],
  };
}

function routeOf({ model, splits, mirror, settings }: Route): unknown {
  const { stickyBy, timeoutMs, rateLimit } = settings;
  return {
    name: model,
    match: { prefix: prefixOf(model) },
    route: {
      weighted_clusters: {
        clusters: splits.map(({ arm, instance, weightPercent }) => ({
          name: instance,
          weight: weightPercent,
          request_headers_to_add: [{ header: { key: 'x-ratchet-arm', value: arm }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }],
        })),
        ...(stickyBy === undefined ? {} : { use_hash_policy: true }),
      },
      ...(stickyBy === undefined ? {} : { hash_policy: [{ header: { header_name: stickyBy } }] }),
      timeout: `${timeoutMs / 1000}s`,
      // Only what no server has begun to answer is asked again.
      retry_policy: { retry_on: 'connect-failure,refused-stream,reset-before-request', num_retries: 2 },
      ...(mirror === null
        ? {}
        : { request_mirror_policies: [{ cluster: mirror.instance, runtime_fraction: { default_value: { numerator: 100 } } }] }),
    },
    ...(rateLimit === undefined
      ? {}
      : { typed_per_filter_config: { 'envoy.filters.http.local_ratelimit': rateLimitOf(model, rateLimit.requestsPerSecond) } }),
  };
}

function prefixOf(model: string): string {
  return `/v2/models/${model}/`;
}

function rateLimitOf(model: string, requestsPerSecond: number): unknown {
  return {
    '@type': type('envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit'),
    stat_prefix: `rate_${model}`,
    token_bucket: { max_tokens: requestsPerSecond * 2, tokens_per_fill: requestsPerSecond, fill_interval: '1s' },
    filter_enabled: { default_value: { numerator: 100 } },
    filter_enforced: { default_value: { numerator: 100 } },
  };
}

function listenerOf(stored: readonly StoredRoute[], folder: string, port: number): unknown {
  return {
    '@type': type('envoy.config.listener.v3.Listener'),
    name: ROUTES_NAME,
    address: socketOf(`127.0.0.1:${port}`),
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: {
              '@type': type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
              stat_prefix: ROUTES_NAME,
              generate_request_id: true,
              preserve_external_request_id: true,
              rds: {
                route_config_name: ROUTES_NAME,
                config_source: { path_config_source: { path: join(folder, 'routes.json') }, resource_api_version: 'V3' },
              },
              http_filters: [
                ...jwtFilter(stored),
                {
                  name: 'envoy.filters.http.local_ratelimit',
                  typed_config: { '@type': type('envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit'), stat_prefix: 'rate' },
                },
                { name: 'envoy.filters.http.router', typed_config: { '@type': type('envoy.extensions.filters.http.router.v3.Router') } },
              ],
            },
          },
        ],
      },
    ],
  };
}

function jwtFilter(stored: readonly StoredRoute[]): unknown[] {
  const checked = stored.flatMap(({ route: { model, settings }, jwks }) =>
    settings.jwt === undefined ? [] : [{ model, jwt: settings.jwt, jwks }],
  );
  if (checked.length === 0) return [];
  return [
    {
      name: 'envoy.filters.http.jwt_authn',
      typed_config: {
        '@type': type('envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication'),
        providers: Object.fromEntries(
          checked.map(({ model, jwt, jwks }) => [
            model,
            {
              issuer: jwt.issuer,
              ...(jwt.audiences.length === 0 ? {} : { audiences: jwt.audiences }),
              local_jwks: { inline_string: jwks ?? '' },
            },
          ]),
        ),
        rules: checked.map(({ model }) => ({ match: { prefix: prefixOf(model) }, requires: { provider_name: model } })),
      },
    },
  ];
}
