import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { LATENCY_EDGES_MS } from '../../../domain/latency-edges.js';
import { serverEnvironment } from './server-process.js';
import type { ServerPlan } from './server-process.js';

/** The proxy of the Python environment, or the one on PATH; null: there is none. */
export function findEnvoy(pythonBin: string | null, environment: NodeJS.ProcessEnv = process.env): string | null {
  const folders = [...(pythonBin === null ? [] : [pythonBin]), ...(environment['PATH'] ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, 'envoy')).find((file) => existsSync(file)) ?? null;
}

export interface EnvoyServerOptions {
  readonly envoy: string;
  /** Where the router writes routes and clusters; the proxy follows what is renamed into place there. */
  readonly folder: string;
  readonly port: number;
  readonly adminPort: number;
  readonly logFile: string;
  /** Worker threads. */
  readonly concurrency: number;
}

/** Envoy on loopback, configured by files: what it last served it serves again after any death. */
export function envoyServerPlan({ envoy, folder, port, adminPort, logFile, concurrency }: EnvoyServerOptions): ServerPlan {
  mkdirSync(folder, { recursive: true });
  prepareFiles(folder, port);
  const bootstrap = join(folder, 'bootstrap.json');
  writeFileSync(bootstrap, JSON.stringify(bootstrapOf(folder, adminPort), null, 1));
  return {
    name: 'Envoy',
    command: envoy,
    args: ['-c', bootstrap, '--concurrency', String(concurrency), '--disable-hot-restart', '--log-level', 'warning', '--drain-time-s', '5'],
    environment: serverEnvironment(),
    logFile,
    isHealthy: () => isReady(adminPort),
    startMsMax: 20_000,
  };
}

/** What the proxy follows must be there when it starts; the listener of an earlier stack gets the port of this one. */
function prepareFiles(folder: string, port: number): void {
  for (const name of ['clusters.json', 'routes.json', 'listeners.json']) {
    const file = join(folder, name);
    if (!existsSync(file)) writeFileSync(file, '{"resources":[]}');
  }
  const listeners = join(folder, 'listeners.json');
  const before = JSON.parse(readFileSync(listeners, 'utf8')) as { resources: { address: { socket_address: { port_value: number } } }[] };
  for (const { address } of before.resources) address.socket_address.port_value = port;
  writeFileSync(listeners, JSON.stringify(before));
}

function bootstrapOf(folder: string, adminPort: number): unknown {
  const watched = (file: string): unknown => ({ path_config_source: { path: join(folder, file) }, resource_api_version: 'V3' });
  return {
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: adminPort } } },
    node: { id: 'ratchet', cluster: 'ratchet' },
    dynamic_resources: { lds_config: watched('listeners.json'), cds_config: watched('clusters.json') },
    // Histograms can be read as of the last flush: windows may be a second long.
    stats_flush_interval: '0.2s',
    stats_config: {
      histogram_bucket_settings: [{ match: { suffix: 'upstream_rq_time' }, buckets: LATENCY_EDGES_MS }],
    },
    // A proxy that takes everything it is given would be ended by the kernel in its place.
    overload_manager: {
      resource_monitors: [
        {
          name: 'envoy.resource_monitors.global_downstream_max_connections',
          typed_config: {
            '@type': 'type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
            max_active_downstream_connections: 20_000,
          },
        },
      ],
    },
  };
}

async function isReady(adminPort: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${adminPort}/ready`, { signal: AbortSignal.timeout(1000) })).ok;
  } catch {
    return false;
  }
}
