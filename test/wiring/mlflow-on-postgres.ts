import { join } from 'node:path';
import { serverEnvironment, startServer, type RunningServer } from '../../src/adapters/local/servers/server-process.js';
import { freePort } from '../servers/free-port.js';
import type { TestS3 } from '../servers/s3-server.js';
import { composeCommand, composeEnvironment } from './compose-service.js';
import type { TestPostgres } from './postgres.js';

interface MlflowPlan {
  readonly python: string;
  readonly home: string;
  readonly postgres: TestPostgres;
  readonly s3: TestS3;
  readonly secrets: Readonly<Record<string, string>>;
}

/** MLflow as a team runs it: tables in Postgres, artifacts in S3. */
export async function startMlflowOnPostgres({ python, home, postgres, s3, secrets }: MlflowPlan): Promise<RunningServer & { url: string }> {
  const port = await freePort();
  const environment = composeEnvironment('mlflow', secrets);
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer(
    {
      name: 'MLflow on Postgres',
      command: python,
      args: ['-m', ...composeCommand('mlflow')],
      environment: {
        ...serverEnvironment(),
        ...environment,
        MLFLOW_BACKEND_STORE_URI: environment['MLFLOW_BACKEND_STORE_URI']!.replace('@postgres:5432/', `@127.0.0.1:${postgres.port}/`),
        MLFLOW_HOST: '127.0.0.1',
        MLFLOW_PORT: String(port),
        AWS_ENDPOINT_URL_S3: s3.environment['AWS_ENDPOINT_URL_S3']!,
      },
      logFile: join(home, 'logs', 'mlflow.log'),
      isHealthy: () => answers(url),
      startMsMax: 120_000,
    },
    `127.0.0.1:${port}`,
  );
  return { ...server, url };
}

/** Whether its tables are there too. */
async function answers(url: string): Promise<boolean> {
  try {
    const question = `${url}/api/2.0/mlflow/experiments/get?experiment_id=0`;
    return (await fetch(question, { signal: AbortSignal.timeout(30_000) })).ok;
  } catch {
    return false;
  }
}
