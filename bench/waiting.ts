import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { createLedger, type Ledger } from '../src/activities/ledger.js';
import { createLocalObjectStore } from '../src/adapters/local/object-store.js';
import { createLocalSigner } from '../src/adapters/local/signer.js';
import { cycleStateQuery, cycleWorkflowId, TASK_QUEUE, voteUpdate, type CycleState } from '../src/workflows/messages.js';
import { startBenchServer } from './loop/bench-server.js';
import { forkWorker } from './loop/worker-process.js';
import { putModel, startRecord, type LoopModel } from './loop/loop-model.js';
import { inWords, machineInWords, summarise } from './measure.js';
import { endForked, usageOf } from './other-process.js';

const BUDGET_MIB = 512;
const VOTES = 50;
const UNDER_WAY_MAX = 128;
const POLL_MS = 500;
const AS_OF = '2013-07-01T00:00:00Z';

/** Many cycles that wait for a person, on one worker: what they cost, and how long a vote takes to its cycle's end. */
export async function run([countText = '1000']: readonly string[]): Promise<void> {
  const count = Number(countText);
  if (!Number.isInteger(count) || count < VOTES)
    throw new RangeError(`expected a number of cycles of at least ${VOTES}, found ${countText}`);
  const server = await startBenchServer();
  const bundle = fileURLToPath(new URL('../dist/workflow-bundle.js', import.meta.url));
  let worker: ChildProcess | undefined;
  try {
    worker = await forkWorker('waiting-worker', [server.address, server.folder, bundle]);
    const client = new Client({ connection: await Connection.connect({ address: server.address }) });
    console.log(`${machineInWords()}, ${count} cycles at approve`);
    console.log(`before: worker ${usageOf(worker.pid!).mib} MiB, Temporal server ${usageOf(server.pid).mib} MiB`);
    const models = await startWaiting(client, server.folder, count);
    const workerMib = usageOf(worker.pid!).mib;
    console.log(
      `all waiting: worker ${workerMib} MiB (budget ≤ ${BUDGET_MIB}: ${workerMib <= BUDGET_MIB ? 'kept' : 'missed'}), Temporal server ${usageOf(server.pid).mib} MiB`,
    );
    const tookMs: number[] = [];
    for (let vote = 0; vote < VOTES; vote++) tookMs.push(await voteAndWait(client, models[Math.floor((vote * count) / VOTES)]!));
    console.log(`from a vote to the cycle's end: ${inWords(summarise(tookMs), 'ms')}, median of ${VOTES} (least–most)`);
    await client.connection.close();
  } finally {
    if (worker !== undefined) await endForked(worker);
    await server.stop();
  }
}

interface Waiting {
  readonly model: string;
  readonly cycle: number;
}

/** Every model of its own; their jobs' evidence is that of the first, as they all do the same work. */
async function startWaiting(client: Client, folder: string, count: number): Promise<Waiting[]> {
  const store = createLocalObjectStore(join(folder, 'store'));
  const ledger = createLedger({ store, signer: await createLocalSigner(folder), owner: 'bench/default' });
  const first = 'waiting-0';
  const model = await putModel(store, first, {});
  const waiting: Waiting[] = [await startOne(client, ledger, first, model, {})];
  const { stages } = await waits(client, waiting[0]!);
  const cites = Object.fromEntries(
    stages
      .filter(({ stage, result }) => result !== null && stage !== 'judge' && stage !== 'register')
      .map(({ stage, result }) => [stage, result!.evidenceDigest]),
  );
  for (let there = 1, told = 0; there < count; there = await countWaiting(client)) {
    if (there >= told + 1000) console.log(`${(told = there)} wait …`);
    const startable = Math.min(count, there + UNDER_WAY_MAX) - waiting.length;
    waiting.push(
      ...(await Promise.all(
        Array.from({ length: Math.max(0, startable) }, (_, i) => startOne(client, ledger, `waiting-${waiting.length + i}`, model, cites)),
      )),
    );
    await sleep(POLL_MS);
  }
  return waiting;
}

/** By the server's index: asking each cycle would have the worker load its history, which is the load that is measured. */
async function countWaiting(client: Client): Promise<number> {
  const { count: closed } = await client.workflow.count(`ExecutionStatus != 'Running'`);
  if (closed > 0) throw new Error(`expected every cycle to wait for a person, found ${closed} that ended`);
  const { count } = await client.workflow.count(`RatchetStage = 'approve'`);
  return count;
}

async function startOne(
  client: Client,
  ledger: Ledger,
  name: string,
  model: LoopModel,
  cites: Record<string, `sha256:${string}` | string>,
): Promise<Waiting> {
  const cycle = await startRecord(ledger, name, model, { key: 'bench', asOf: AS_OF, cites });
  await client.workflow.start('retrainCycle', {
    workflowId: cycleWorkflowId(name, cycle),
    taskQueue: TASK_QUEUE,
    args: [{ model: name, cycle }],
  });
  return { model: name, cycle };
}

async function waits(client: Client, { model, cycle }: Waiting): Promise<CycleState> {
  const handle = client.workflow.getHandle(cycleWorkflowId(model, cycle));
  for (;;) {
    const state = await handle.query(cycleStateQuery);
    if (state.approval !== null) return state;
    if (state.outcome !== null) throw new Error(`expected ${model} to wait for a person, found ${state.outcome}: ${state.reason}`);
    await sleep(POLL_MS); // asking without a pause would be the load that is measured
  }
}

async function voteAndWait(client: Client, { model, cycle }: Waiting): Promise<number> {
  const handle = client.workflow.getHandle(cycleWorkflowId(model, cycle));
  const { candidateDigest } = await waits(client, { model, cycle });
  const startedMs = performance.now();
  await handle.executeUpdate(voteUpdate, {
    args: [{ candidateDigest: candidateDigest!, signer: 'ana', decision: 'approve', comment: '' }],
  });
  await handle.result();
  return performance.now() - startedMs;
}
