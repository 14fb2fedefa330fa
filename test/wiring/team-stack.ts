import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findTemporalServer } from '../../scripts/temporal-server.mjs';
import { serverEnvironment, startServer, type RunningServer } from '../../src/adapters/local/servers/server-process.js';
import { startTestVersitygw, type TestVersitygw } from '../servers/versitygw.js';
import { composeCommand, composeEnvironment, composeFolder, composeHealthcheck } from './compose-service.js';
import { startMlflowOnPostgres } from './mlflow-on-postgres.js';
import { findPostgres, postgresUser, startTestPostgres } from './postgres.js';
import { startTemporalCluster } from './temporal-cluster.js';

const run = promisify(execFile);
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

export interface Programs {
  readonly python: string;
  readonly temporalCli: string;
  readonly versitygw: string | null;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TeamStack {
  readonly mlflowUrl: string;
  /** `ratchet <args>` as somebody beside the stack runs it. */
  ratchet(...args: string[]): Promise<Ran>;
  temporal(...args: string[]): Promise<Ran>;
  /** The last server first. */
  stop(): Promise<void>;
}

/** What this machine lacks, in words; null: nothing. */
export function whatIsMissing({ versitygw }: Programs): string | null {
  if (findPostgres() === null) return 'the programs of Postgres (Debian: apt-get install postgresql)';
  if (postgresUser() === null) return 'a user named postgres, for Postgres refuses to run as root';
  if (findTemporalServer() === null) return 'the Temporal server (node scripts/temporal-server.mjs, needs Go and 8 minutes once)';
  if (versitygw === null) return 'versitygw, an S3 server (node scripts/versitygw.mjs, needs Go and 3 minutes once)';
  return null;
}

/** Everything that docker-compose.yml starts, in its order, as processes on loopback below `home`. */
export async function startTeamStack({ python, temporalCli, versitygw }: Programs, home: string): Promise<TeamStack> {
  const started: RunningServer[] = [];
  const begin = async <T extends RunningServer>(server: Promise<T>): Promise<T> => {
    started.push(await server);
    return server;
  };
  const stop = async (): Promise<void> => {
    for (const server of started.reverse()) await server.stop();
  };
  try {
    const passwords = Object.fromEntries(
      ['POSTGRES', 'TEMPORAL_DB', 'MLFLOW_DB'].map((name) => [`${name}_PASSWORD`, randomBytes(12).toString('hex')]),
    );
    const postgres = await begin(startTestPostgres(findPostgres()!, home, passwords['POSTGRES_PASSWORD']!));
    await run('sh', [join(composeFolder, 'databases.sh')], { env: { ...postgres.environment, ...passwords } });
    const s3 = await begin(startTestVersitygw(versitygw!, home));
    const secrets = {
      ...passwords,
      S3_ACCESS_KEY: s3.environment['AWS_ACCESS_KEY_ID']!,
      S3_SECRET_KEY: s3.environment['AWS_SECRET_ACCESS_KEY']!,
    };
    await makeBuckets(python, s3);
    const temporal = await begin(startTemporalCluster({ programs: findTemporalServer()!, temporalCli, home, postgres, secrets }));
    const mlflow = await begin(startMlflowOnPostgres({ python, home, postgres, s3, secrets }));
    const environment = {
      ...serverEnvironment(),
      PATH: [dirname(python), process.env['PATH']].join(delimiter),
      ...composeEnvironment('worker', secrets),
      TEMPORAL_ADDRESS: temporal.address,
      MLFLOW_TRACKING_URI: mlflow.url,
      AWS_ENDPOINT_URL_S3: s3.environment['AWS_ENDPOINT_URL_S3']!,
      RATCHET_HOME: join(home, 'ratchet'),
      RATCHET_PYTHON_BIN: dirname(python),
    };
    await begin(startWorker(home, environment));
    return {
      mlflowUrl: mlflow.url,
      ratchet: (...args) => ended(process.execPath, [join(dist, 'cli', 'main.js'), ...args], environment),
      temporal: (...args) => ended(temporalCli, args, environment),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeBuckets(python: string, s3: TestVersitygw): Promise<void> {
  const [, , ...buckets] = composeCommand('s3-buckets');
  const script = join(composeFolder, 'make_buckets.py');
  for (const _time of ['made', 'there']) await run(python, [script, ...buckets], { env: { ...serverEnvironment(), ...s3.environment } });
}

function startWorker(home: string, environment: Record<string, string>): Promise<RunningServer> {
  return startServer(
    {
      name: 'the worker',
      command: process.execPath,
      args: ['--enable-source-maps', join(dist, 'workers', 'main.js')],
      environment,
      logFile: join(home, 'logs', 'worker.log'),
      isHealthy: async () => (await ended('sh', ['-c', composeHealthcheck('worker')], environment)).code === 0,
      startMsMax: 60_000,
    },
    'the task queues',
  );
}

async function ended(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  try {
    const { stdout, stderr } = await run(file, args, { env, maxBuffer: 2 ** 24 });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string };
    return { code: typeof code === 'number' ? code : 1, stdout, stderr };
  }
}
