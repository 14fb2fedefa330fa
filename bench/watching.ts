import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { ensureKubernetes } from '../scripts/kubernetes.mjs';
import { WATCHED_JOBS_MAX } from '../src/workers/worker-limits.js';
import { TASK_QUEUE } from '../src/workflows/messages.js';
import { inTurn } from '../test/in-turn.js';
import { startCountingProxy } from '../test/servers/counting-proxy.js';
import { startTestKubernetes } from '../test/servers/kubernetes.js';
import { makeQueuedJobs } from '../test/servers/queued-jobs.js';
import { startBenchServer } from './loop/bench-server.js';
import { forkWorker } from './loop/worker-process.js';
import { machineInWords } from './measure.js';
import { endForked, usageOf } from './other-process.js';

const BUDGET_MIB = 512;
const AT_ONCE = 32;
const STEADY_SECONDS = 60;
/** What asking for each job in turn would cost, at a pace that is still of use to somebody who waits. */
const POLL_SECONDS = 10;
const NAMESPACE = 'watching';

/**
 * Many jobs of a Kubernetes cluster that one worker watches, through Temporal: its memory and processor time, and what it asks the API
 * server, beside one question per job each ten seconds. The jobs wait for their queue, so that none needs a node.
 */
export async function run([countText = String(WATCHED_JOBS_MAX)]: readonly string[]): Promise<void> {
  const count = Number(countText);
  if (!Number.isInteger(count) || count < 1 || count > WATCHED_JOBS_MAX)
    throw new RangeError(`expected a number of jobs of at most ${WATCHED_JOBS_MAX}, found ${countText}`);
  const binary = await ensureKubernetes(console.log);
  if (binary === null) throw new Error('expected Go, to build the control plane of the bench, found none');
  const home = await mkdtemp(join(tmpdir(), 'ratchet-watching-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(home, { recursive: true, force: true })];
  try {
    console.log(`${machineInWords()}, ${count} jobs`);
    const cluster = await startTestKubernetes(binary, home);
    stops.unshift(() => cluster.stop());
    const temporal = await startBenchServer();
    stops.unshift(() => temporal.stop());
    await cluster.kubectl(['create', 'namespace', NAMESPACE]);
    const names = await makeQueuedJobs(cluster.kubeconfig, NAMESPACE, count);
    const proxy = await startCountingProxy(cluster);
    stops.unshift(() => proxy.stop());
    const args = [temporal.address, temporal.folder, proxy.url, cluster.token, NAMESPACE, await bundleIn(home)];
    const worker = await forkWorker('watching-worker', args);
    stops.unshift(() => endForked(worker));
    const before = usageOf(worker.pid!);
    console.log(`before: worker ${before.mib} MiB`);
    const client = new Client({ connection: await Connection.connect({ address: temporal.address }) });
    stops.unshift(() => client.connection.close());
    const startedMs = performance.now();
    await inTurn(names, AT_ONCE, (name) =>
      client.workflow.start('watchJob', { workflowId: `watch/${name}`, taskQueue: TASK_QUEUE, args: [name] }),
    );
    while ((await seenBy(worker)) < count) await sleep(500);
    console.log(
      `all seen after ${((performance.now() - startedMs) / 1000).toFixed(0)} s, with requests to the API server: ${inWords(proxy.counts())}`,
    );
    await steadily(worker, count, proxy.counts);
  } finally {
    for (const stop of stops) await stop();
  }
}

async function steadily(worker: ChildProcess, count: number, counts: () => Readonly<Record<string, number>>): Promise<void> {
  const [asked, used] = [total(counts()), usageOf(worker.pid!)];
  await sleep(STEADY_SECONDS * 1000);
  const [askedThen, usedThen] = [total(counts()), usageOf(worker.pid!)];
  const share = (usedThen.cpuSeconds - used.cpuSeconds) / STEADY_SECONDS;
  const isKept = usedThen.mib <= BUDGET_MIB;
  console.log(
    `watching: worker ${usedThen.mib} MiB (budget ≤ ${BUDGET_MIB}: ${isKept ? 'kept' : 'missed'}), ${(share * 100).toFixed(1)}% of a processor`,
  );
  const polls = Math.round((count / POLL_SECONDS) * STEADY_SECONDS);
  console.log(
    `requests to the API server in ${STEADY_SECONDS} s: ${askedThen - asked}; one per job each ${POLL_SECONDS} s would be ${polls}`,
  );
  console.log(`logs of trainings that run are read besides, at most 600 times a minute, however many they are`);
}

/** Made here: a worker of the product is given its bundle, too. */
async function bundleIn(folder: string): Promise<string> {
  const workflowsPath = fileURLToPath(new URL('./loop/watch-job.ts', import.meta.url));
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const file = join(folder, 'workflows.js');
  await writeFile(file, code);
  return file;
}

async function seenBy(worker: ChildProcess): Promise<number> {
  const answered = once(worker, 'message') as Promise<[number]>;
  worker.send('how many?');
  return (await answered)[0];
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}

function inWords(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([kind, each]) => `${each} ${kind}`)
    .join(', ');
}
