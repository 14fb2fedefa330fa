import { pathToFileURL } from 'node:url';
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
 * @throws {Error} a named port is taken, or of a server that is not started here
 */
export async function chooseTarget({
  home,
  environment,
  ports,
  serves,
}: {
  home: Home;
  environment: NodeJS.ProcessEnv;
  ports: NamedPorts;
  serves: boolean;
}): Promise<StackTarget> {
  const attachedTemporal = temporalFromEnvironment(environment);
  const trackingUri = environment['MLFLOW_TRACKING_URI'];
  const needs = { temporal: !attachedTemporal, mlflow: !trackingUri, traffic: serves };
  const [temporalPort, uiPort, mlflowPort, trafficPort, adminPort] = await pickPorts(ports, needs);
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
