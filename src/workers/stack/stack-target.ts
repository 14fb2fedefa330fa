import { pathToFileURL } from 'node:url';
import type { Endpoints } from '../../config/endpoints.js';
import type { Home } from '../../config/home.js';
import { temporalFromEnvironment } from '../../config/temporal-address.js';
import type { NamedPorts } from './pick-ports.js';
import { pickPorts } from './pick-ports.js';

/** Where the servers of a stack are, or will be. */
export interface StackTarget {
  readonly address: string;
  readonly namespace: string;
  readonly temporalPort: number;
  readonly uiPort: number;
  readonly mlflowPort: number;
  readonly mlflowUrl: string;
  readonly storeUri: string;
  readonly attachedTemporal: ReturnType<typeof temporalFromEnvironment>;
  readonly attachedMlflow: boolean;
  /** null: models answer no requests here. */
  readonly traffic: { readonly port: number; readonly adminPort: number } | null;
}

/**
 * Servers that the environment names are attached to; the others get a port.
 * @param before what a stack that was killed left behind
 * @throws {Error} a named port is taken, or of a server that is not started here
 */
export async function chooseTarget({
  home,
  environment,
  ports,
  serves,
  before,
}: {
  home: Home;
  environment: NodeJS.ProcessEnv;
  ports: NamedPorts;
  serves: boolean;
  before: Endpoints | null;
}): Promise<StackTarget> {
  const attachedTemporal = temporalFromEnvironment(environment);
  const trackingUri = environment['MLFLOW_TRACKING_URI'];
  const needs = { temporal: !attachedTemporal, mlflow: !trackingUri, traffic: serves };
  const [temporalPort, uiPort, mlflowPort, trafficPort, adminPort] = await pickPorts(ports, needs, portsOf(before));
  return {
    address: attachedTemporal?.address ?? `127.0.0.1:${temporalPort}`,
    namespace: attachedTemporal?.namespace ?? 'default',
    temporalPort,
    uiPort,
    mlflowPort,
    mlflowUrl: trackingUri ?? `http://127.0.0.1:${mlflowPort}`,
    storeUri: environment['RATCHET_STORE_URI'] || pathToFileURL(home.storeFolder).href,
    attachedTemporal,
    attachedMlflow: Boolean(trackingUri),
    traffic: serves ? { port: trafficPort, adminPort } : null,
  };
}

/** Of what it started itself; what it was attached to has another owner. */
function portsOf(before: Endpoints | null): NamedPorts {
  if (before === null) return {};
  const { temporal, mlflow, traffic } = before;
  return {
    temporal: temporal.process === null ? undefined : portOf(`http://${temporal.address}`),
    temporalUi: temporal.process === null || temporal.uiUrl === null ? undefined : portOf(temporal.uiUrl),
    mlflow: mlflow.process === null ? undefined : portOf(mlflow.url),
    traffic: traffic == null ? undefined : portOf(traffic.url),
  };
}

function portOf(url: string): number | undefined {
  return Number(new URL(url).port) || undefined;
}
