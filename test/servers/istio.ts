import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from './free-port.js';
import { serverEnvironment, startServer, type RunningServer } from '../../src/adapters/local/servers/server-process.js';

/** The namespaces that an Istio of the tests looks at have this label, with its root namespace as value. */
export const MESH_LABEL = 'ratchet.test/mesh';

export interface TestIstio {
  /** Of its own; it is there already. */
  readonly rootNamespace: string;
  /** Where its proxies ask what to do. */
  readonly xdsPort: number;
  /** It is away until `startAgain`; its proxies go on with what they were told last. */
  kill(): Promise<void>;
  /** Nothing where it is there. */
  startAgain(): Promise<void>;
}

/** No certificates, no webhooks, no CA, and nothing in its answers that only Istio's own build of Envoy knows. */
const environment = {
  PILOT_CERT_PROVIDER: 'none',
  ENABLE_CA_SERVER: 'false',
  INJECT_ENABLED: 'false',
  VALIDATION_WEBHOOK_CONFIG_NAME: '',
  INJECTION_WEBHOOK_CONFIG_NAME: '',
  PILOT_ENABLE_METADATA_EXCHANGE: 'false',
  PILOT_ENABLE_ALPN_FILTER: 'false',
  PILOT_DISABLE_MX_ALPN: 'true',
  PILOT_ENABLE_TELEMETRY_LABEL: 'false',
  PILOT_ENDPOINT_TELEMETRY_LABEL: 'false',
  // Its gateways are ours: it starts none, and reads only what is there.
  PILOT_ENABLE_GATEWAY_API: 'true',
  PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: 'false',
  PILOT_ENABLE_IP_AUTOALLOCATE: 'false',
};

/**
 * Istio's control plane on loopback, in plain text: for gateways of the Gateway API and of Istio alike.
 *
 * @param binary from scripts/istio.mjs
 * @param home an empty folder
 */
export async function startTestIstio(binary: string, kubeconfig: string, home: string, rootNamespace: string): Promise<TestIstio> {
  const [xdsPort, httpPort, monitoringPort, debugPort] = (await freePorts(4)) as [number, number, number, number]; // it comes back to them
  const meshFile = join(home, 'mesh.json');
  mkdirSync(home, { recursive: true });
  const mesh = {
    rootNamespace,
    enableAutoMtls: false,
    enableTracing: false,
    discoverySelectors: [{ matchLabels: { [MESH_LABEL]: rootNamespace } }],
  };
  writeFileSync(meshFile, JSON.stringify(mesh));
  let running: RunningServer | null = null;
  await startAgain();
  return { rootNamespace, xdsPort, kill, startAgain };

  async function startAgain(): Promise<void> {
    running ??= await startServer(
      {
        name: 'Istio',
        command: binary,
        args: [
          'discovery',
          `--kubeconfig=${kubeconfig}`,
          `--meshConfig=${meshFile}`,
          `--namespace=${rootNamespace}`,
          `--grpcAddr=127.0.0.1:${xdsPort}`,
          `--httpAddr=127.0.0.1:${httpPort}`,
          `--monitoringAddr=127.0.0.1:${monitoringPort}`,
          `--ctrlz_port=${debugPort}`,
          '--httpsAddr=',
          '--secureGRPCAddr=',
          '--kubernetesApiQPS=500',
          '--kubernetesApiBurst=1000',
          '--shutdownDuration=1s',
        ],
        environment: { ...serverEnvironment(), ...environment, HOME: home, POD_NAME: 'istiod', POD_NAMESPACE: rootNamespace },
        logFile: join(home, 'istio.log'),
        isHealthy: () => fetch(`http://127.0.0.1:${httpPort}/ready`, { signal: AbortSignal.timeout(2000) }).then(({ ok }) => ok, () => false), // prettier-ignore
        startMsMax: 60_000,
      },
      `127.0.0.1:${xdsPort}`,
    );
  }

  async function kill(): Promise<void> {
    await running?.stop();
    running = null;
  }
}
