import { createActivities, type Activities } from '../../src/activities/index.js';
import type { Ledger } from '../../src/activities/ledger.js';
import { createAbsentServing } from '../../src/adapters/absent/serving.js';
import { createMemoryJobCluster } from '../../src/adapters/memory/job-cluster.js';
import { digestOfBytes } from '../../src/domain/digest.js';
import type { JobCluster } from '../../src/ports/job-cluster.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { createMemoryLogKeeper } from '../../test/fakes/memory-log-keeper.js';
import { createMemoryNotifier } from '../../test/fakes/memory-notifier.js';
import { createMemoryRegistry } from '../../test/fakes/memory-registry.js';
import { stageOutput } from '../../test/fakes/stage-outputs.js';

interface BenchActivitiesOptions {
  readonly searchAttributes?: boolean;
  /** Absent: jobs take place in memory. */
  readonly jobCluster?: JobCluster;
}

/** The real activities over a real store and ledger; registry and notices take place in memory. */
export function createBenchActivities(
  store: ObjectStore,
  ledger: Ledger,
  { searchAttributes = false, jobCluster = createMemoryJobCluster((spec) => stageOutput(store, spec)) }: BenchActivitiesOptions = {},
): Activities {
  const registry = createMemoryRegistry();
  return createActivities({
    store,
    ledger,
    jobCluster,
    registryOf: () => registry,
    logKeeper: createMemoryLogKeeper().keeper,
    notifier: createMemoryNotifier(),
    ...createAbsentServing('this bench serves nothing'),
    environment: { lockDigest: digestOfBytes('lock'), architecture: process.arch, stepsDigest: digestOfBytes('steps') },
    prices: null,
    watchHeartbeatSeconds: 60,
    labelPauseSeconds: null,
    searchAttributes,
  });
}
