import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { serverEnvironment, startServer } from './server-process.js';
import type { RunningServer, ServerPlan } from './server-process.js';

const run = promisify(execFile);

export interface TemporalServerOptions {
  /** The Temporal CLI 1.9, which carries the server. */
  readonly bin: string;
  /** null: in memory, gone with the process. */
  readonly dbFile: string | null;
  readonly logFile: string;
  readonly port: number;
  /** null: without the web UI. */
  readonly uiPort: number | null;
  /** Where it shows its metrics; absent: at a port of its own choice. */
  readonly metricsPort?: number;
  readonly namespace?: string;
  /** name → Keyword, Text, Int, Double, Bool, Datetime or KeywordList. */
  readonly searchAttributes?: Readonly<Record<string, string>>;
  readonly outlives?: boolean;
}

/** Temporal's development server on loopback; with `dbFile` its state survives kill -9. */
export async function startTemporal(options: TemporalServerOptions): Promise<RunningServer> {
  return startServer(temporalServerPlan(options), `127.0.0.1:${options.port}`, options.outlives);
}

export function temporalServerPlan({
  bin,
  dbFile,
  logFile,
  port,
  uiPort,
  metricsPort,
  namespace = 'default',
  searchAttributes = {},
}: TemporalServerOptions): ServerPlan {
  if (dbFile !== null) mkdirSync(dirname(resolve(dbFile)), { recursive: true });
  // Half the processor time of the default journal. Not together with an in-memory database.
  const database =
    dbFile === null ? [] : ['--db-filename', resolve(dbFile), '--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1'];
  const listen = ['--ip', '127.0.0.1', '--port', String(port), '--namespace', namespace, '--log-level', 'warn'];
  const ui = uiPort === null ? ['--headless'] : ['--ui-port', String(uiPort), '--ui-ip', '127.0.0.1'];
  const metrics = metricsPort === undefined ? [] : ['--metrics-port', String(metricsPort)];
  // The default of 20 makes every sequential step wait 50 ms.
  const speed = ['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=1000'];
  const attributes = Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]);
  return {
    name: 'Temporal',
    command: bin,
    args: ['server', 'start-dev', ...listen, ...ui, ...metrics, ...database, ...speed, ...attributes],
    environment: serverEnvironment(),
    logFile,
    isHealthy: () => answers(bin, port, namespace),
    startMsMax: 60_000,
  };
}

/** The namespace is made after the port is open. */
async function answers(bin: string, port: number, namespace: string): Promise<boolean> {
  try {
    const args = [
      'operator',
      'namespace',
      'describe',
      '--namespace',
      namespace,
      '--address',
      `127.0.0.1:${port}`,
      '--command-timeout',
      '5s',
    ];
    await run(bin, args, { env: serverEnvironment() });
    return true;
  } catch {
    return false;
  }
}
