import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serverEnvironment, startServer } from './server-process.js';
import type { RunningServer, ServerPlan } from './server-process.js';

/** Holds the package ratchet_mlflow. */
const packages = fileURLToPath(new URL('../../../../steps', import.meta.url));

export interface MlflowServerOptions {
  /** The interpreter of an environment with MLflow 3.17. */
  readonly python: string;
  /** RATCHET_HOME; data lies in `mlflow/`, the log in `logs/mlflow.log`. */
  readonly home: string;
  readonly port: number;
  readonly outlives?: boolean;
}

/**
 * MLflow over SQLite, on loopback, in one process.
 *
 * `mlflow server` takes 10–19 s to start and runs a pool of processes; its application under uvicorn takes 3–6 s and one.
 * Its tables are there before it listens (steps/ratchet_mlflow). The names that begin with an underscore are private to MLflow: its
 * version is pinned for them.
 */
export async function startMlflow({ python, home, port, outlives = false }: MlflowServerOptions): Promise<RunningServer> {
  return startServer(mlflowServerPlan({ python, home, port }), `127.0.0.1:${port}`, outlives);
}

export function mlflowServerPlan({ python, home, port }: MlflowServerOptions): ServerPlan {
  const folder = join(resolve(home), 'mlflow');
  mkdirSync(join(folder, 'artifacts'), { recursive: true });
  const database = `sqlite:///${join(folder, 'mlflow.db')}`;
  return {
    name: 'MLflow',
    command: python,
    args: [
      '-W',
      'ignore',
      '-m',
      'uvicorn',
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--workers',
      '1',
      '--log-level',
      'warning',
      'ratchet_mlflow.app:app',
    ],
    environment: {
      ...serverEnvironment(),
      PYTHONPATH: packages,
      _MLFLOW_SERVER_FILE_STORE: database,
      _MLFLOW_SERVER_REGISTRY_STORE: database,
      _MLFLOW_SERVER_ARTIFACT_ROOT: 'mlflow-artifacts:/',
      _MLFLOW_SERVER_ARTIFACT_DESTINATION: join(folder, 'artifacts'),
      _MLFLOW_SERVER_SERVE_ARTIFACTS: 'true',
      _MLFLOW_SGI_NAME: 'uvicorn',
      // Seven more processes and 1.7 GB that nobody here asks for.
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
      // With the default pool, 100 trainers that start at once are told HTTP 400 "QueuePool limit".
      MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: '100',
      MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: '100',
      MLFLOW_DISABLE_TELEMETRY: 'true',
      DO_NOT_TRACK: 'true',
    },
    logFile: join(resolve(home), 'logs', 'mlflow.log'),
    isHealthy: () => answers(`http://127.0.0.1:${port}`),
    startMsMax: 90_000,
  };
}

/** The second question opens the store, which a start would else leave to its first user. */
async function answers(url: string): Promise<boolean> {
  try {
    const health = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5000) });
    if (!health.ok) return false;
    return (await fetch(`${url}/api/2.0/mlflow/experiments/get?experiment_id=0`, { signal: AbortSignal.timeout(60_000) })).ok;
  } catch {
    return false;
  }
}
