import { pathToFileURL } from 'node:url';
import type { Endpoints } from '../../config/endpoints.js';
import type { Home } from '../../config/home.js';
import { temporalFromEnvironment } from '../../config/temporal-address.js';
import type { NamedPorts } from './pick-ports.js';
import { pickPorts, type StackPorts } from './pick-ports.js';

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
  readonly metricsPorts: Pick<StackPorts, 'workerMetrics' | 'sdkMetrics' | 'temporalMetrics'>;
  /** null: models answer no requests here. */
  readonly traffic: { readonly port: number; readonly adminPort: number } | null;
  /** Of our HTTP server. */
  readonly apiPort: number;
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
  const picked = await pickPorts(ports, needs, portsOf(before));
  return {
    address: attachedTemporal?.address ?? `127.0.0.1:${picked.temporal}`,
    namespace: attachedTemporal?.namespace ?? 'default',
    temporalPort: picked.temporal,
    uiPort: picked.temporalUi,
    mlflowPort: picked.mlflow,
    mlflowUrl: trackingUri ?? `http://127.0.0.1:${picked.mlflow}`,
    storeUri: environment['RATCHET_STORE_URI'] || pathToFileURL(home.storeFolder).href,
    attachedTemporal,
    attachedMlflow: Boolean(trackingUri),
    metricsPorts: picked,
    traffic: serves ? { port: picked.traffic, adminPort: picked.trafficAdmin } : null,
    apiPort: picked.api,
  };
}

/** Of what it started itself; what it was attached to has another owner. */
function portsOf(before: Endpoints | null): Partial<StackPorts> {
  if (before === null) return {};
  const { temporal, mlflow, traffic, api, metrics } = before;
  const isOurs = temporal.process !== null;
  return ports({
    temporal: isOurs && `http://${temporal.address}`,
    temporalUi: isOurs && temporal.uiUrl,
    mlflow: mlflow.process !== null && mlflow.url,
    traffic: traffic?.url,
    api: api?.url,
    trafficAdmin: metrics?.proxy,
    workerMetrics: metrics?.worker,
    sdkMetrics: metrics?.sdk,
    temporalMetrics: metrics?.temporal,
  });
}

function ports(urls: { readonly [name in keyof StackPorts]: string | false | null | undefined }): Partial<StackPorts> {
  return Object.fromEntries(
    Object.entries(urls).flatMap(([name, url]) => {
      const port = url ? Number(new URL(url).port) : 0;
      return port > 0 ? [[name, port]] : [];
    }),
  );
}
