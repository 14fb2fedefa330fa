import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createActivities, type Activities } from '../../src/activities/index.js';
import type { Ledger } from '../../src/activities/ledger.js';
import { watchInSlot, type RunWatch } from '../../src/activities/watch-seat.js';
import { createAbsentServing } from '../../src/adapters/absent/serving.js';
import { createMemoryJobCluster } from '../../src/adapters/memory/job-cluster.js';
import { digestOfBytes } from '../../src/domain/digest.js';
import { objectKey } from '../../src/domain/object-key.js';
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
  /** Absent: in their slots. */
  readonly runWatch?: RunWatch;
}

/** What a job leaves is the job's work, which no bench of the loop measures: written as jobs write it, and not waited for on the disk. */
function jobsStore(store: ObjectStore): ObjectStore {
  const root = fileURLToPath(store.uri);
  return {
    ...store,
    async put(bytes) {
      const digest = digestOfBytes(bytes);
      const file = join(root, objectKey(digest));
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
      return digest;
    },
  };
}

/** The real activities over a real store and ledger; registry and notices take place in memory. */
export function createBenchActivities(
  store: ObjectStore,
  ledger: Ledger,
  {
    searchAttributes = false,
    jobCluster = createMemoryJobCluster((spec) => stageOutput(jobsStore(store), spec)),
    runWatch = watchInSlot,
  }: BenchActivitiesOptions = {},
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
    runWatch,
    prices: null,
    watchHeartbeatSeconds: 60,
    labelPauseSeconds: null,
    searchAttributes,
  });
}
