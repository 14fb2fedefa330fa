import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createEnvoyTrafficRouter } from '../src/adapters/envoy/traffic-router.js';
import { envoyMissing, findEnvoy, startEnvoy } from '../src/adapters/local/servers/envoy-server.js';
import { freePorts } from '../test/servers/free-port.js';
import type { Route } from '../src/domain/serving.js';
import type { TrafficRouter } from '../src/ports/traffic-router.js';
import { ensurePythonEnv } from '../scripts/python-env.mjs';
import { startSteadyCallers } from '../test/traffic/steady-callers.js';
import { inWords, machineInWords, summarise } from './measure.js';

const CALLERS = 16;
const ROUNDS = 5;
const ROUND_MS = 2000;
const SHIFTS = 20;
const signal = new AbortController().signal;

/** Requests per second through Envoy beside direct ones, and how long a shift takes until no request takes the old way. */
export async function run(): Promise<void> {
  const envoy = findEnvoy((await ensurePythonEnv()).bin);
  if (envoy === null) throw new Error(envoyMissing);
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-bench-'));
  const [first, second] = await Promise.all([startAnswering('m-1'), startAnswering('m-2')]);
  const [port, adminPort] = (await freePorts(2)) as [number, number];
  const logFile = join(folder, 'envoy.log');
  const server = await startEnvoy({ envoy, folder, port, adminPort, logFile });
  try {
    console.log(`${machineInWords()}, ${CALLERS} callers over kept connections, Envoy with 2 threads, answers of Node that do nothing`);
    const router = createEnvoyTrafficRouter({
      folder,
      adminUrl: `http://127.0.0.1:${adminPort}`,
      url: `http://127.0.0.1:${port}`,
      logFile,
      addressesOf: (instance) => Promise.resolve([instance === 'm-1' ? first.address : second.address]),
    });
    await router.shift(routeTo('m-1', 1), signal);
    await compareThroughput(`http://${first.address}`, router.url);
    await measureShifts(router);
  } finally {
    await server.stop();
    for (const { process: child } of [first, second]) child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compareThroughput(direct: string, proxied: string): Promise<void> {
  const rates = { direct: [] as number[], proxied: [] as number[] };
  const medians = { direct: [] as number[], proxied: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [way, url] of [
      ['direct', direct],
      ['proxied', proxied],
    ] as const) {
      // prettier-ignore
      const startMs = performance.now();
      const callers = startSteadyCallers({ url: `${url}/v2/models/m/infer`, callers: CALLERS });
      await sleep(ROUND_MS);
      await callers.stop();
      if (callers.failures.length > 0) throw new Error(`expected no failure, found ${callers.failures.length}: ${callers.failures[0]}`);
      rates[way].push((callers.latencies.length / (performance.now() - startMs)) * 1000);
      medians[way].push(summarise(callers.latencies).median);
    }
  }
  for (const way of ['direct', 'proxied'] as const)
    console.log(
      `${way}: ${inWords(summarise(rates[way]), 'requests/s')}, median answer ${inWords(summarise(medians[way]), 'ms', 2)}, median of ${ROUNDS} rounds (least–most)`,
    );
}

async function measureShifts(router: TrafficRouter): Promise<void> {
  const lastMs = new Map<string, number>();
  const callers = startSteadyCallers({
    url: `${router.url}/v2/models/m/infer`,
    callers: CALLERS,
    onAnswer: (version) => lastMs.set(version, performance.now()),
  });
  const [returned, moved]: [number[], number[]] = [[], []];
  for (let shift = 2; shift < 2 + SHIFTS; shift++) {
    const [from, to] = shift % 2 === 0 ? ['m-1', 'm-2'] : ['m-2', 'm-1'];
    const startMs = performance.now();
    await router.shift(routeTo(to!, shift), signal);
    returned.push(performance.now() - startMs);
    await sleep(200);
    moved.push(lastMs.get(from!)! - startMs);
  }
  await callers.stop();
  console.log(`shift() returns after ${inWords(summarise(returned), 'ms')}, median of ${SHIFTS} (least–most), under load`);
  console.log(`the last answer of the old version ${inWords(summarise(moved), 'ms')} after shift() was called`);
  console.log(`failed requests: ${callers.failures.length} of ${callers.latencies.length + callers.failures.length}`);
}

async function startAnswering(version: string): Promise<{ process: ChildProcess; address: string }> {
  const child = fork(fileURLToPath(new URL('./loop/answering-server.ts', import.meta.url)), [version], { execArgv: ['--import', 'tsx'] });
  const [port] = (await once(child, 'message')) as [number];
  return { process: child, address: `127.0.0.1:${port}` };
}

function routeTo(instance: string, shift: number): Route {
  const settings = { timeoutMs: 5000, concurrentRequestsMax: 1024, outlier: { consecutiveErrors: 5, ejectSeconds: 10 } };
  return { model: 'm', shift, splits: [{ arm: 'champion', instance, weightPercent: 100 }], mirror: null, settings };
}
