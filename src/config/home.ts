import { join, resolve } from 'node:path';

/** Where everything of one stack lies. */
export interface Home {
  readonly path: string;
  readonly endpointsFile: string;
  readonly lockFile: string;
  readonly storeFolder: string;
  readonly jobsFolder: string;
  readonly keysFolder: string;
  readonly temporalDatabase: string;
  readonly mlflowFolder: string;
  readonly logsFolder: string;
  /** What is served: the specs, states and logs of model servers. */
  readonly servingFolder: string;
  readonly predictionsFolder: string;
  /** A Prometheus' configuration, rules and targets. */
  readonly prometheusFolder: string;
  /** What the proxy follows. */
  readonly envoyFolder: string;
}

/** @param path as named by the user; absent or empty (a variable of a script that is not set): RATCHET_HOME, else `.ratchet` in the current folder. */
export function homeAt(path: string | undefined, environment: NodeJS.ProcessEnv = process.env): Home {
  const root = resolve(path || environment['RATCHET_HOME'] || '.ratchet');
  return {
    path: root,
    endpointsFile: join(root, 'endpoints.json'),
    lockFile: join(root, 'up.lock'),
    storeFolder: join(root, 'store'),
    jobsFolder: join(root, 'jobs'),
    keysFolder: join(root, 'keys'),
    temporalDatabase: join(root, 'temporal.db'),
    mlflowFolder: join(root, 'mlflow'),
    logsFolder: join(root, 'logs'),
    servingFolder: join(root, 'serving'),
    predictionsFolder: join(root, 'predictions'),
    prometheusFolder: join(root, 'prometheus'),
    envoyFolder: join(root, 'envoy'),
  };
}
