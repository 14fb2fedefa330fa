import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../../src/activities/index.js';
import { createLedger, type Ledger } from '../../src/activities/ledger.js';
import { createPaceActivities } from '../../src/activities/pace-activities.js';
import { createAbsentServing } from '../../src/adapters/absent/serving.js';
import { createMemoryJobCluster } from '../../src/adapters/memory/job-cluster.js';
import { digestOfBytes } from '../../src/domain/digest.js';
import type { JobSpec } from '../../src/domain/job.js';
import type { Trigger } from '../../src/domain/trigger.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import type { Signer } from '../../src/ports/signer.js';
import { TASK_QUEUE, WATCH_TASK_QUEUE } from '../../src/workflows/messages.js';
import { createMemoryLogKeeper } from '../../test/fakes/memory-log-keeper.js';
import { createMemoryNotifier } from '../../test/fakes/memory-notifier.js';
import { createMemoryRegistry } from '../../test/fakes/memory-registry.js';

/** What a model's year has of its own: its clock, the process of its jobs, where its wishes for a cycle go. */
export interface ModelInYear {
  /** ISO 8601, UTC. */
  now(): string;
  work(spec: JobSpec): Promise<unknown>;
  wish(trigger: Trigger): void;
}

export interface YearStack {
  readonly client: Client;
  readonly ledger: Ledger;
  readonly store: ObjectStore;
  readonly readHolds: ReturnType<typeof createPaceActivities>['readHolds'];
  readonly notices: ReturnType<typeof createMemoryNotifier>['notices'];
  stop(): Promise<void>;
}

/**
 * Temporal, the product's workflows and all its activities over a real store and ledger. Three things are not the product's: a record's time and
 * a window's come from the clock of the model's year, a wish for a cycle is kept for the bench to hand on in that year, and registry and notices
 * take place in memory.
 */
export async function startYearStack(
  { address, store, signer }: { address: string; store: ObjectStore; signer: Signer },
  modelOf: (name: string) => ModelInYear,
): Promise<YearStack> {
  const kept = createLedger({ store, signer, owner: 'bench/default' });
  const ledger: Ledger = { ...kept, append: (request) => kept.append({ ...request, at: modelOf(request.model).now() }) };
  const notifier = createMemoryNotifier();
  const registry = createMemoryRegistry();
  const jobCluster = createMemoryJobCluster((spec) => modelOf(spec.model).work(spec));
  const product = createActivities({
    store,
    ledger,
    jobCluster,
    registryOf: () => registry,
    logKeeper: createMemoryLogKeeper().keeper,
    notifier,
    ...createAbsentServing('the servers of this bench are started by it, and nobody else'),
    environment: { lockDigest: digestOfBytes('lock'), architecture: process.arch, stepsDigest: digestOfBytes('steps') },
    prices: null,
    watchHeartbeatSeconds: 60,
    labelPauseSeconds: null,
    searchAttributes: false,
  });
  const activities: typeof product = {
    ...product,
    planMonitoring: (request) => product.planMonitoring({ ...request, at: modelOf(request.model).now() }),
    requestTrigger: ({ model, trigger }) => Promise.resolve(modelOf(model).wish(trigger)),
  };
  const connection = await NativeConnection.connect({ address });
  const workflowBundle = { code: readFileSync(fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url)), 'utf8') };
  const workers = [
    await Worker.create({ connection, activities, taskQueue: TASK_QUEUE, workflowBundle }),
    await Worker.create({ connection, activities, taskQueue: WATCH_TASK_QUEUE }),
  ];
  const running = Promise.all(workers.map((worker) => worker.run()));
  const client = new Client({ connection: await Connection.connect({ address }) });
  return {
    client,
    ledger,
    store,
    // Asked by the bench, which is no activity.
    readHolds: createPaceActivities({ store, ledger, jobCluster }).readHolds,
    notices: notifier.notices,
    async stop() {
      for (const worker of workers) worker.shutdown();
      await running;
      await client.connection.close();
      await connection.close();
    },
  };
}
