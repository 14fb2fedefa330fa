import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createLedger, type Ledger } from '../src/activities/ledger.js';
import { createLocalObjectStore } from '../src/adapters/local/object-store.js';
import { createLocalSigner } from '../src/adapters/local/signer.js';
import { objectKey } from '../src/domain/object-key.js';
import type { ObjectStore } from '../src/ports/object-store.js';
import { cycleWorkflowId, TASK_QUEUE, WATCH_TASK_QUEUE } from '../src/workflows/messages.js';
import { createBenchActivities } from './loop/bench-activities.js';
import { startBenchServer } from './loop/bench-server.js';
import { putModel, startRecord, type LoopModel } from './loop/loop-model.js';
import { inWords, machineInWords, summarise } from './measure.js';

const MODEL = 'overhead';
const BUDGET_RATIO = 1.5;
const DAY_MS = 86_400_000;

/**
 * A whole cycle (snapshot to promotion; jobs in memory, evidence and ledger fsynced) and, in turns, a bare workflow with
 * as many activities that do nothing, on the same server and worker.
 */
export async function run([roundsText = '20']: readonly string[]): Promise<void> {
  const rounds = Number(roundsText);
  if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError(`expected a number of rounds of at least 1, found ${roundsText}`);
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const server = await startBenchServer();
  try {
    const store = createLocalObjectStore(await storeInUse(server.folder));
    const ledger = createLedger({ store, signer: await createLocalSigner(server.folder), owner: 'bench/default' });
    await withWorkers(server.address, store, ledger, async (client) => {
      const model = await putModel(store, MODEL, { gates: { whenNoChampion: 'pass' } });
      await measure(client, ledger, model, rounds);
    });
  } finally {
    await server.stop();
  }
}

/** The folder of a store that has its 256 folders of objects, as after the first weeks: a new one pays an fsync for nearly each of them. */
async function storeInUse(folder: string): Promise<string> {
  const root = join(folder, 'store');
  const places = Array.from({ length: 256 }, (_, shard) =>
    dirname(objectKey(`sha256:${shard.toString(16).padStart(2, '0').padEnd(64, '0')}`)),
  );
  await Promise.all(places.map((place) => mkdir(join(root, place), { recursive: true })));
  return root;
}

async function measure(client: Client, ledger: Ledger, model: LoopModel, rounds: number): Promise<void> {
  const cyclesMs: number[] = [];
  const bareMs: number[] = [];
  let activities = 0;
  for (let round = 0; round <= rounds; round++) {
    const cycle = await runCycle(client, ledger, model, round);
    activities = cycle.activities;
    const startedMs = performance.now();
    await client.workflow.execute('bareWorkflow', { workflowId: `bare-${round}`, taskQueue: `${TASK_QUEUE}-bare`, args: [activities] });
    if (round === 0) continue; // warms both
    cyclesMs.push(cycle.wallMs);
    bareMs.push(performance.now() - startedMs);
  }
  const ours = summarise(cyclesMs);
  const bare = summarise(bareMs);
  const ratio = ours.median / bare.median;
  console.log(`${machineInWords()}, ${rounds} rounds in turns, ${activities} activities each`);
  console.log(`whole cycle:   ${inWords(ours, 'ms')}`);
  console.log(`bare workflow: ${inWords(bare, 'ms')}`);
  console.log(`ratio of medians ${ratio.toFixed(2)}; budget ≤ ${BUDGET_RATIO}: ${ratio <= BUDGET_RATIO ? 'kept' : 'missed'}`);
}

async function runCycle(client: Client, ledger: Ledger, model: LoopModel, round: number): Promise<{ wallMs: number; activities: number }> {
  const asOf = new Date(Date.UTC(2013, 6, 1) + 30 * round * DAY_MS).toISOString();
  const cycle = await startRecord(ledger, MODEL, model, { key: `round-${round}`, asOf });
  const startedMs = performance.now();
  const handle = await client.workflow.start('retrainCycle', {
    workflowId: cycleWorkflowId(MODEL, cycle),
    taskQueue: TASK_QUEUE,
    args: [{ model: MODEL, cycle }],
  });
  const state: { outcome: string; reason: string } = await handle.result();
  const wallMs = performance.now() - startedMs;
  if (state.outcome !== 'promoted') throw new Error(`expected cycle ${cycle} promoted, found ${state.outcome}: ${state.reason}`);
  const { events } = await handle.fetchHistory();
  return { wallMs, activities: events?.filter((event) => event.activityTaskScheduledEventAttributes != null).length ?? 0 };
}

async function withWorkers(address: string, store: ObjectStore, ledger: Ledger, work: (client: Client) => Promise<void>): Promise<void> {
  const connection = await NativeConnection.connect({ address });
  const activities = createBenchActivities(store, ledger);
  const workflowBundle = { code: readFileSync(fileURLToPath(new URL('../dist/workflow-bundle.js', import.meta.url)), 'utf8') };
  const bareBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./loop/bare-workflow.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  const workers = [
    await Worker.create({ connection, activities, taskQueue: TASK_QUEUE, workflowBundle }),
    await Worker.create({ connection, activities, taskQueue: WATCH_TASK_QUEUE }),
    await Worker.create({
      connection,
      activities: { nothing: () => Promise.resolve() },
      taskQueue: `${TASK_QUEUE}-bare`,
      workflowBundle: bareBundle,
    }),
  ];
  const running = Promise.all(workers.map((worker) => worker.run()));
  const client = new Client({ connection: await Connection.connect({ address }) });
  try {
    await work(client);
  } finally {
    for (const worker of workers) worker.shutdown();
    await running;
    await client.connection.close();
    await connection.close();
  }
}
