import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { serverEnvironment, startServer, type RunningServer } from '../../src/adapters/local/servers/server-process.js';
import { composeEnvironment, composeFolder } from './compose-service.js';
import type { TestPostgres } from './postgres.js';

const run = promisify(execFile);

interface ClusterPlan {
  /** Holds `server` and `sql`. */
  readonly programs: string;
  readonly temporalCli: string;
  readonly home: string;
  readonly postgres: TestPostgres;
  readonly secrets: Readonly<Record<string, string>>;
}

/** A Temporal server as a team runs it: its four services over Postgres, with a namespace and Ratchet's search attributes. */
export async function startTemporalCluster(plan: ClusterPlan): Promise<RunningServer> {
  await makeSchema(plan);
  const { programs, home, postgres, secrets } = plan;
  const names = ['FRONTEND_GRPC', 'FRONTEND_HTTP', 'FRONTEND_MEMBERSHIP', 'HISTORY_GRPC', 'HISTORY_MEMBERSHIP'];
  const others = ['MATCHING_GRPC', 'MATCHING_MEMBERSHIP', 'WORKER_GRPC', 'WORKER_MEMBERSHIP'];
  const ports = Object.fromEntries(
    await Promise.all([...names, ...others].map(async (name) => [`${name}_PORT`, String(await freeLowPort())] as const)),
  );
  const address = `127.0.0.1:${ports['FRONTEND_GRPC_PORT']}`;
  const tools = {
    ...serverEnvironment(),
    PATH: [dirname(plan.temporalCli), process.env['PATH']].join(delimiter),
    TEMPORAL_ADDRESS: address,
  };
  const server = await startServer(
    {
      name: 'Temporal on Postgres',
      command: join(programs, 'server'),
      args: ['--allow-no-auth', 'start'],
      environment: {
        ...serverEnvironment(),
        ...composeEnvironment('temporal', secrets),
        POSTGRES_SEEDS: '127.0.0.1',
        DB_PORT: String(postgres.port),
        BIND_ON_IP: '127.0.0.1',
        TEMPORAL_BROADCAST_ADDRESS: '127.0.0.1',
        DYNAMIC_CONFIG_FILE_PATH: join(composeFolder, 'temporal-dynamic-config.yaml'),
        ...ports,
      },
      logFile: join(home, 'logs', 'temporal.log'),
      isHealthy: () =>
        run(plan.temporalCli, ['operator', 'cluster', 'health'], { env: tools, timeout: 10_000 }).then(
          () => true,
          () => false,
        ),
      startMsMax: 60_000,
    },
    address,
  );
  try {
    const namespace = { env: { ...tools, TEMPORAL_NAMESPACE: 'default' } };
    await run('sh', [join(composeFolder, 'temporal-namespace.sh')], namespace);
    await run('sh', [join(composeFolder, 'temporal-namespace.sh')], namespace); // as at every start of the stack
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

async function makeSchema({ programs, postgres, secrets }: ClusterPlan): Promise<void> {
  const env = {
    ...serverEnvironment(),
    ...composeEnvironment('temporal-schema', secrets),
    SQL_HOST: '127.0.0.1',
    SQL_PORT: String(postgres.port),
    TEMPORAL_SQL_TOOL: join(programs, 'sql'),
  };
  await run('sh', [join(composeFolder, 'temporal-schema.sh')], { env });
  await run('sh', [join(composeFolder, 'temporal-schema.sh')], { env }); // as at every start of the stack
}

/** The server keeps its ports as 16-bit numbers with a sign: those that the system gives away are too large. */
async function freeLowPort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_768);
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
