import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensurePythonEnv } from '../scripts/python-env.mjs';
import { startSteadyCallers } from '../test/traffic/steady-callers.js';
import { inWords, machineInWords, summarise } from './measure.js';
import { PLANS, startModelServer, type ModelServer } from './peers/model-servers.js';

const ROUNDS = 5;
const ROUND_MS = 2000;
const WARM_MS = 500;
const CALLERS = [1, 16];

interface Found {
  readonly perSecond: number[];
  readonly p50Ms: number[];
  readonly p99Ms: number[];
}

/**
 * One flight asked again and again: our model server beside `mlflow models serve`, the least that the same libraries take, and
 * the model alone. All servers run from the first round to the last, and are asked in turn.
 */
export async function run(): Promise<void> {
  const env = await ensurePythonEnv({ log: (line) => console.log(line) });
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-bench-serving-'));
  const servers: ModelServer[] = [];
  try {
    console.log(`${machineInWords()}; the flights model of April 2013, one row a request, kept connections`);
    const alone = await prepare(env.python, folder);
    console.log(
      `ONNX Runtime alone, in a loop: p50 ${alone.p50Ms.toFixed(3)} ms, p99 ${alone.p99Ms.toFixed(3)} ms, ${alone.perSecond.toFixed(0)} rows/s`,
    );
    for (const plan of PLANS) servers.push(await startModelServer(plan, folder, env));
    for (const server of servers) await ask(server, 1, WARM_MS);
    const found = await measure(servers);
    for (const server of servers) tell(server, found);
  } finally {
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepare(python: string, folder: string): Promise<{ p50Ms: number; p99Ms: number; perSecond: number }> {
  const script = fileURLToPath(new URL('./peers/prepare.py', import.meta.url));
  const { stdout } = await promisify(execFile)(python, ['-W', 'ignore', script, folder], { env: { ...process.env, OMP_NUM_THREADS: '1' } });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as { p50Ms: number; p99Ms: number; perSecond: number };
}

async function measure(servers: readonly ModelServer[]): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const server of servers) {
      for (const callers of CALLERS) {
        const key = `${server.name}/${callers}`;
        const rounds = found.get(key) ?? { perSecond: [], p50Ms: [], p99Ms: [] };
        found.set(key, rounds);
        const { latencies, seconds } = await ask(server, callers, ROUND_MS);
        rounds.perSecond.push(latencies.length / seconds);
        rounds.p50Ms.push(latencies[Math.floor(latencies.length * 0.5)]!);
        rounds.p99Ms.push(latencies[Math.floor(latencies.length * 0.99)]!);
      }
    }
  }
  return found;
}

/** @throws {Error} a request failed */
async function ask({ name, url, body }: ModelServer, count: number, ms: number): Promise<{ latencies: number[]; seconds: number }> {
  const startMs = performance.now();
  const callers = startSteadyCallers({ url, callers: count, body: () => body });
  await sleep(ms);
  await callers.stop();
  const seconds = (performance.now() - startMs) / 1000;
  const [failure] = callers.failures;
  if (failure !== undefined) throw new Error(`${name}: expected no failure, found ${callers.failures.length}: ${failure}`);
  return { latencies: [...callers.latencies].sort((a, b) => a - b), seconds };
}

function tell(server: ModelServer, found: ReadonlyMap<string, Found>): void {
  console.log(
    `\n${server.name}: first answer after ${(server.startMs / 1000).toFixed(1)} s, ${server.memoryMiB().toFixed(0)} MiB after the load`,
  );
  for (const callers of CALLERS) {
    const { perSecond, p50Ms, p99Ms } = found.get(`${server.name}/${callers}`)!;
    const [rate, p50, p99] = [
      inWords(summarise(perSecond), 'requests/s'),
      inWords(summarise(p50Ms), 'ms', 2),
      inWords(summarise(p99Ms), 'ms', 2),
    ];
    console.log(`  ${String(callers).padStart(2)} callers: ${rate}, p50 ${p50}, p99 ${p99}`);
  }
}
