import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { quietPort } from '../../src/adapters/local/servers/loopback-port.js';
import type { PythonEnv } from '../../scripts/python-env.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const START_MS_MAX = 120_000;
const LOOK_MS = 20;

export interface ModelServer {
  readonly name: string;
  readonly url: string;
  readonly body: string;
  /** From the call of the program to the first right answer. */
  readonly startMs: number;
  /** Of the server and all that it started. */
  memoryMiB(): number;
  stop(): Promise<void>;
}

interface Plan {
  readonly name: string;
  readonly path: string;
  /** File of the request's body. */
  readonly question: string;
  command(port: number, folder: string): { args: readonly string[]; environment: NodeJS.ProcessEnv };
}

/** Each one process on one core's worth of Python, before the same ONNX session. */
export const PLANS: readonly Plan[] = [
  {
    name: 'ratchet-serve (checks, counts, logs every prediction)',
    path: '/v2/models/flights/infer',
    question: 'v2.json',
    command(port, folder) {
      const file = join(folder, `ratchet-${port}.json`);
      writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(join(folder, 'ratchet.json'), 'utf8')) as object), port }));
      return {
        args: ['-m', 'ratchet_serve'],
        environment: { RATCHET_SERVE_CONFIG: file, PYTHONPATH: fileURLToPath(new URL('../../steps', import.meta.url)) },
      };
    },
  },
  {
    name: 'bare FastAPI + ONNX Runtime (the limit)',
    path: '/v2/models/flights/infer',
    question: 'v2.json',
    command: (port, folder) => ({
      args: ['-m', 'uvicorn', '--app-dir', here, '--port', String(port), '--no-access-log', '--log-level', 'warning', 'bare_app:app'],
      environment: { BARE_MODEL: join(folder, 'model.onnx') },
    }),
  },
  {
    name: 'mlflow models serve',
    path: '/invocations',
    question: 'mlflow.json',
    command: (port, folder) => ({
      args: [
        '-W',
        'ignore',
        '-m',
        'mlflow',
        'models',
        'serve',
        '-m',
        join(folder, 'packed'),
        '--env-manager',
        'local',
        '--port',
        String(port),
        '--workers',
        '1',
      ],
      environment: { MLFLOW_DISABLE_TELEMETRY: 'true' },
    }),
  },
];

/** @throws {Error} it ended, or gave no right answer in time, with its last words */
export async function startModelServer(plan: Plan, folder: string, { python, bin }: PythonEnv): Promise<ModelServer> {
  const port = await quietPort();
  const { args, environment } = plan.command(port, folder);
  const url = `http://127.0.0.1:${port}${plan.path}`;
  const body = readFileSync(join(folder, plan.question), 'utf8');
  const path = `${bin}:${process.env['PATH'] ?? ''}`;
  const startMs = performance.now();
  const child = spawn(python, args, {
    env: { PATH: path, HOME: process.env['HOME'], OMP_NUM_THREADS: '1', ...environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2000)));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  while (!(await answers(url, body))) {
    if (child.exitCode !== null || performance.now() - startMs > START_MS_MAX) {
      signalGroup(child.pid!);
      throw new Error(`${plan.name}: expected an answer at ${url}, found none; its last words: ${words}`);
    }
    await sleep(LOOK_MS);
  }
  return {
    name: plan.name,
    url,
    body,
    startMs: performance.now() - startMs,
    memoryMiB: () => processGroup(child.pid!).reduce((sum, pid) => sum + residentMiB(pid), 0),
    async stop() {
      signalGroup(child.pid!);
      await ended;
    },
  };
}

async function answers(url: string, body: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json' };
  return fetch(url, { method: 'POST', body, headers, signal: AbortSignal.timeout(5000) }).then(
    async (response) => (await response.text()).length > 0 && response.ok,
    () => false,
  );
}

function signalGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Linux: the fifth field of /proc/<pid>/stat is its group. */
function processGroup(group: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const stat = readIfThere(`/proc/${pid}/stat`);
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === group;
    });
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readIfThere(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended
  }
}
