import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { connectTemporal } from '../../src/client/connect-temporal.js';
import { openModel, type ModelHandle } from '../../src/client/model-handle.js';
import { readEndpoints, type Endpoints } from '../../src/config/endpoints.js';
import { homeAt, type Home } from '../../src/config/home.js';
import { temporalFromEndpoints } from '../../src/config/temporal-address.js';
import { until } from './until.js';
import { removeFolder } from '../temporary-folder.js';

export const MODEL = 'quick';
const here = fileURLToPath(new URL('.', import.meta.url));
export const QUICK_STEPS = join(here, 'quick-steps');
const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface QuickStackOptions {
  readonly extra?: NodeJS.ProcessEnv;
  readonly modelFolder?: string;
  /** The winning recipe is fitted again to all rows, and that is what is promoted. */
  readonly refits?: boolean;
  readonly steps?: readonly string[];
  readonly flags?: readonly string[];
}

export interface QuickStack {
  readonly home: Home;
  readonly modelFile: string;
  readonly trainingsFile: string;
  readonly refits: boolean;
  /** As the supervisor wrote them last. */
  endpoints(): Endpoints;
  client(): Promise<Client>;
  model(): Promise<ModelHandle>;
  cli(args: readonly string[]): Promise<{ code: number; output: string }>;
  /** kill -9, supervisor and all; then starts it again. */
  killAll(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * `ratchet up` as a user starts it, in a folder of its own, with jobs that take a moment.
 * @param extra variables of every process of the stack and of its command line
 * @param modelFolder the model that is applied
 * @param refits whether its model file asks for a refit
 * @param steps folders of packages of steps: a later one's modules stand in place of those of the same name
 * @param flags of `ratchet up`
 */
export async function startQuickStack({
  extra = {},
  modelFolder = join(here, 'quick-model'),
  refits = false,
  steps = [QUICK_STEPS],
  flags = ['--no-serving'],
}: QuickStackOptions = {}): Promise<QuickStack> {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-chaos-'));
  const home = homeAt(join(folder, 'home'));
  const trainingsFile = join(folder, 'trainings');
  cpSync(modelFolder, join(folder, 'model'), { recursive: true });
  for (const packages of steps) cpSync(packages, join(folder, 'steps'), { recursive: true });
  const modelFile = join(folder, 'model', 'model.yaml');
  const text = readFileSync(modelFile, 'utf8').replace('@TRAININGS_FILE@', trainingsFile);
  writeFileSync(modelFile, refits ? text.replace('\n  evaluation:', '\n  refit: afterPass\n  evaluation:') : text);

  const environment = { ...process.env, RATCHET_STEPS_PATH: join(folder, 'steps'), RATCHET_WATCH_HEARTBEAT_SECONDS: '3', ...extra };
  // All of it: a server that is killed in its very first start ends the stack, as one that cannot start does.
  let supervisor = await up(home, environment, flags, (output) => output.includes(home.logsFolder));
  /** A stack that was started again has other ports. */
  const clients = new Map<string, Client>();
  const applied = await run(home, environment, ['apply', '-f', modelFile]);
  if (applied.code !== 0) throw new Error(`ratchet apply ended with ${applied.code}:\n${applied.output}`);
  return { home, modelFile, trainingsFile, refits, endpoints, client, model, cli: (args) => run(home, environment, args), killAll, stop };

  function endpoints(): Endpoints {
    const found = readEndpoints(home);
    if (found === null) throw new Error(`no endpoints in ${home.endpointsFile}`);
    return found;
  }

  async function client(): Promise<Client> {
    const target = temporalFromEndpoints(endpoints());
    const known = clients.get(target.address) ?? (await connectTemporal(target, 10));
    clients.set(target.address, known);
    return known;
  }

  async function model(): Promise<ModelHandle> {
    return openModel(await client(), MODEL, { isKnown: () => Promise.resolve(true) });
  }

  async function killAll(): Promise<void> {
    const { temporal, mlflow, worker, traffic, api } = endpoints();
    const parts = [
      worker.process,
      api?.process ?? null,
      temporal.process,
      mlflow.process,
      traffic?.process ?? null,
      traffic?.servingHost ?? null,
    ];
    for (const process_ of parts) if (process_ !== null) kill(process_.pid);
    supervisor.kill('SIGKILL');
    await exited(supervisor);
    supervisor = await up(home, environment, flags);
  }

  async function stop(): Promise<void> {
    for (const known of clients.values()) await known.connection.close();
    supervisor.kill('SIGTERM');
    await exited(supervisor);
    await removeFolder(folder);
  }
}

/** kill -9; one that has just died is dead enough. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** @param isReady by what it said; absent: as soon as its worker runs */
async function up(
  home: Home,
  env: NodeJS.ProcessEnv,
  flags: readonly string[],
  isReady: (output: string) => boolean = () => true,
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [cli, '--home', home.path, 'up', ...flags], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('ratchet up is ready', () => {
    if (child.exitCode !== null) throw new Error(`ratchet up ended with ${child.exitCode}:\n${output}`);
    const endpoints = existsSync(home.endpointsFile) ? readEndpoints(home) : null;
    return endpoints?.supervisor.pid === child.pid && endpoints?.worker.process != null && isReady(output);
  });
  return child;
}

function run(home: Home, env: NodeJS.ProcessEnv, args: readonly string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [cli, '--home', home.path, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? 1, output })));
}

function exited(child: ChildProcess): Promise<void> {
  return child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', () => resolve()));
}
