import { LATENCY_EDGES_MS } from '../../../domain/latency-edges.js';
import { EXTENSIONS, RATE_FILTER, ROUTES, TOKEN_FILTER } from './envoy-files.js';
import type { EnvoyFiles } from './envoy-files.js';
import { envoyReplies } from './envoy-replies.js';

export interface EnvoyBootstrapOptions {
  readonly files: EnvoyFiles;
  readonly port: number;
  readonly adminPort: number;
}

const network = 'type.googleapis.com/envoy.extensions.filters.network';

/** What Envoy starts with: one listener whose routes, clusters and token check it reads from files, and watches. */
export function envoyBootstrap({ files, port, adminPort }: EnvoyBootstrapOptions): object {
  return {
    node: { id: 'ratchet', cluster: 'ratchet' },
    admin: { address: loopback(adminPort) },
    // Histograms are merged over the worker threads only when statistics are flushed: by default once in 5 s.
    stats_flush_interval: '0.25s',
    stats_config: { histogram_bucket_settings: [{ match: { suffix: 'upstream_rq_time' }, buckets: LATENCY_EDGES_MS }] },
    dynamic_resources: { cds_config: fromFile(files.clusters) },
    static_resources: {
      listeners: [{ name: ROUTES, address: loopback(port), filter_chains: [{ filters: [connectionManager(files)] }] }],
    },
  };
}

function connectionManager(files: EnvoyFiles): object {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type': `${network}.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: ROUTES,
      preserve_external_request_id: true,
      // Nobody is "internal" (the range is one of documentation, and none at all means loopback too): else a caller could
      // set its own timeout and retries with x-envoy-* headers.
      use_remote_address: true,
      internal_address_config: { cidr_ranges: [{ address_prefix: '192.0.2.1', prefix_len: 32 }] },
      normalize_path: true,
      merge_slashes: true,
      path_with_escaped_slashes_action: 'REJECT_REQUEST',
      local_reply_config: envoyReplies(),
      rds: { route_config_name: ROUTES, config_source: fromFile(files.routes) },
      http_filters: [
        {
          name: TOKEN_FILTER,
          config_discovery: {
            config_source: fromFile(files.tokens),
            type_urls: [`${EXTENSIONS}.jwt_authn.v3.JwtAuthentication`],
            // Where the file is refused at a start: routes that ask for a token then refuse every request, the others serve.
            default_config: { '@type': `${EXTENSIONS}.jwt_authn.v3.JwtAuthentication` },
          },
        },
        { name: RATE_FILTER, typed_config: { '@type': `${EXTENSIONS}.local_ratelimit.v3.LocalRateLimit`, stat_prefix: 'rate' } },
        { name: 'envoy.filters.http.router', typed_config: { '@type': `${EXTENSIONS}.router.v3.Router` } },
      ],
    },
  };
}

function loopback(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

function fromFile(path: string): object {
  return { path_config_source: { path }, resource_api_version: 'V3' };
}
