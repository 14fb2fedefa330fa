import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, inject, onTestFinished } from 'vitest';
import { envoyMissing, findEnvoy } from '../../src/adapters/local/servers/envoy-server.js';
import { freePort } from './free-port.js';
import { serverEnvironment, startServer } from '../../src/adapters/local/servers/server-process.js';

/** By these labels a Gateway and its Service find the proxy of a namespace, and a Gateway of Istio no other's. */
export function gatewayLabels(namespace: string): Readonly<Record<string, string>> {
  return { app: `gateway-of-${namespace}` };
}

export interface MeshGateway {
  /** Loopback: its own state and counters. */
  readonly adminUrl: string;
}

interface MeshGatewayOptions {
  readonly namespace: string;
  /** Of the control plane. */
  readonly xdsPort: number;
  /** An empty folder. */
  readonly folder: string;
  /** Where the control plane has it listen. */
  readonly ports: readonly number[];
}

/** A real Envoy that is a gateway of an Istio: all that it does it is told by the control plane. Ended after the test. */
export async function startMeshGateway({ namespace, xdsPort, folder, ports }: MeshGatewayOptions): Promise<MeshGateway> {
  const envoy = findEnvoy(dirname(inject('python')));
  if (envoy === null) throw new Error(envoyMissing);
  const adminPort = await freePort();
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  mkdirSync(folder, { recursive: true });
  const bootstrap = join(folder, 'gateway.json');
  writeFileSync(bootstrap, JSON.stringify(gatewayBootstrap(namespace, xdsPort, adminPort)));
  const server = await startServer(
    {
      name: 'Envoy of the mesh',
      command: envoy,
      args: ['-c', bootstrap, '--concurrency', '1', '--log-level', 'warn', '--disable-hot-restart'],
      environment: serverEnvironment(),
      logFile: join(folder, 'gateway.log'),
      isHealthy: () => fetch(`${adminUrl}/ready`, { signal: AbortSignal.timeout(2000) }).then(({ ok }) => ok, () => false), // prettier-ignore
      startMsMax: 30_000,
    },
    `127.0.0.1:${adminPort}`,
  );
  onTestFinished(() => server.stop());
  // Ready is also who was told nothing yet. Nobody else on the network may ask it.
  const expected = ports.map((port) => `127.0.0.1:${port}`).sort();
  await expect.poll(() => listenersOf(adminUrl), { timeout: 60_000 }).toEqual(expected);
  return { adminUrl };
}

async function listenersOf(adminUrl: string): Promise<string[]> {
  const answer = await fetch(`${adminUrl}/listeners?format=json`);
  const { listener_statuses: listeners = [] } = (await answer.json()) as {
    listener_statuses?: { local_address: { socket_address: { address: string; port_value: number } } }[];
  };
  return listeners.map(({ local_address: { socket_address: at } }) => `${at.address}:${at.port_value}`).sort();
}

function gatewayBootstrap(namespace: string, xdsPort: number, adminPort: number): object {
  const loopback = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } });
  const fromControlPlane = { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' };
  const http2 = 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  return {
    node: {
      // Its address is its name only: another than that of what it asks, which is at 127.0.0.1.
      id: `router~127.0.0.2~gateway.${namespace}~${namespace}.svc.cluster.local`,
      cluster: `gateway.${namespace}`,
      metadata: { NAMESPACE: namespace, LABELS: gatewayLabels(namespace), CLUSTER_ID: 'Kubernetes', ISTIO_VERSION: '1.31.0' },
    },
    admin: { address: loopback(adminPort) },
    dynamic_resources: {
      ads_config: { api_type: 'GRPC', transport_api_version: 'V3', grpc_services: [{ envoy_grpc: { cluster_name: 'xds-grpc' } }] },
      cds_config: fromControlPlane,
      lds_config: fromControlPlane,
    },
    static_resources: {
      clusters: [
        {
          name: 'xds-grpc',
          type: 'STATIC',
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': http2,
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
          load_assignment: { cluster_name: 'xds-grpc', endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(xdsPort) } }] }] },
        },
      ],
    },
  };
}
