import { freePorts, isFree } from '../../adapters/local/servers/loopback-port.js';

/** Ports that the user named; the others are free ones. */
export interface NamedPorts {
  readonly temporal?: number | undefined;
  readonly temporalUi?: number | undefined;
  readonly mlflow?: number | undefined;
  readonly traffic?: number | undefined;
}

const OPTION = {
  temporal: '--temporal-port',
  temporalUi: '--temporal-ui-port',
  mlflow: '--mlflow-port',
  traffic: '--traffic-port',
} as const;

/**
 * @param needs which servers will be started: a named port of another one is refused
 * @returns ports of Temporal, its UI, MLflow, the model requests, and the proxy's own interface
 * @throws {Error} a named port is taken, named twice, or of a server that is not started
 */
export async function pickPorts(
  named: NamedPorts,
  needs: { temporal: boolean; mlflow: boolean; traffic: boolean },
): Promise<[number, number, number, number, number]> {
  const needed = { temporal: needs.temporal, temporalUi: needs.temporal, mlflow: needs.mlflow, traffic: needs.traffic };
  const keys = ['temporal', 'temporalUi', 'mlflow', 'traffic'] as const;
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
  const free = await freePorts(5);
  return [named.temporal ?? free[0]!, named.temporalUi ?? free[1]!, named.mlflow ?? free[2]!, named.traffic ?? free[3]!, free[4]!];
}
