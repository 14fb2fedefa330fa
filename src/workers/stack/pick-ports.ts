import { isFree, quietPort } from '../../adapters/local/servers/loopback-port.js';

/** Ports that the user named; the others are free ones. */
export interface NamedPorts {
  readonly temporal?: number | undefined;
  readonly temporalUi?: number | undefined;
  readonly mlflow?: number | undefined;
  readonly traffic?: number | undefined;
  readonly api?: number | undefined;
}

export interface StackPorts {
  readonly temporal: number;
  readonly temporalUi: number;
  readonly mlflow: number;
  /** Where models answer. */
  readonly traffic: number;
  /** Our HTTP server. */
  readonly api: number;
  /** The proxy's own interface. */
  readonly trafficAdmin: number;
  /** Where the worker, its Temporal SDK and the Temporal server show their metrics. */
  readonly workerMetrics: number;
  readonly sdkMetrics: number;
  readonly temporalMetrics: number;
}

const OPTION = {
  temporal: '--temporal-port',
  temporalUi: '--temporal-ui-port',
  mlflow: '--mlflow-port',
  traffic: '--traffic-port',
  api: '--api-port',
} as const;

/**
 * @param needs which servers will be started: a named port of another one is refused
 * @param before the ports of a stack that was killed: who knows its addresses finds it there again, where they are still free
 * @returns a port for each
 * @throws {Error} a named port is taken, named twice, or of a server that is not started
 */
export async function pickPorts(
  named: NamedPorts,
  needs: { temporal: boolean; mlflow: boolean; traffic: boolean },
  before: Partial<StackPorts> = {},
): Promise<StackPorts> {
  const needed = { temporal: needs.temporal, temporalUi: needs.temporal, mlflow: needs.mlflow, traffic: needs.traffic, api: true };
  const keys = ['temporal', 'temporalUi', 'mlflow', 'traffic', 'api'] as const;
  for (const key of keys) {
    const port = named[key];
    if (port === undefined) continue;
    if (!needed[key])
      throw new Error(`${OPTION[key]} ${port} has no meaning: that server is named by the environment and not started here`);
    if (keys.some((other) => other !== key && named[other] === port))
      throw new Error(`port ${port} is named twice: expected a port of its own for each server`);
    if (!(await isFree(port)))
      throw new Error(`port ${port} (${OPTION[key]}) is taken by another process: name another one, or none to get a free one`);
  }
  const taken = new Set(keys.flatMap((key) => named[key] ?? []));
  const choose = async (key: keyof StackPorts): Promise<number> => (await again(before[key], taken)) ?? (await other(taken));
  return {
    temporal: named.temporal ?? (await choose('temporal')),
    temporalUi: named.temporalUi ?? (await choose('temporalUi')),
    mlflow: named.mlflow ?? (await choose('mlflow')),
    traffic: named.traffic ?? (await choose('traffic')),
    api: named.api ?? (await choose('api')),
    trafficAdmin: await choose('trafficAdmin'),
    workerMetrics: await choose('workerMetrics'),
    sdkMetrics: await choose('sdkMetrics'),
    temporalMetrics: await choose('temporalMetrics'),
  };
}

async function again(port: number | undefined, taken: Set<number>): Promise<number | undefined> {
  if (port === undefined || taken.has(port) || !(await isFree(port))) return undefined;
  taken.add(port);
  return port;
}

async function other(taken: Set<number>): Promise<number> {
  const port = await quietPort(taken);
  taken.add(port);
  return port;
}
