import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, inject } from 'vitest';
import { createActivities } from '../../src/activities/index.js';
import { createLedger } from '../../src/activities/ledger.js';
import { withFailures } from '../../src/activities/to-failure.js';
import { digestOfBytes } from '../../src/domain/digest.js';
import { detachWatches } from '../../src/workers/detach-watches.js';
import { countTriggers } from '../../src/workers/metrics/count-triggers.js';
import { createMeter, type Meter } from '../../src/workers/metrics/meter.js';
import { TASK_QUEUE, TRAFFIC_TASK_QUEUE, WATCH_TASK_QUEUE } from '../../src/workflows/messages.js';
import type { JobCluster } from '../../src/ports/job-cluster.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { createMemoryJobCluster, type MemoryJobCluster } from '../fakes/memory-job-cluster.js';
import { createMemoryLogKeeper } from '../fakes/memory-log-keeper.js';
import { createMemoryNoticeRoutes } from '../fakes/memory-notice-routes.js';
import { createMemoryNotifier } from '../fakes/memory-notifier.js';
import { createMemoryRegistry } from '../fakes/memory-registry.js';
import { createMemoryServing } from '../fakes/memory-serving.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { createHolds } from './held-activities.js';

const PRICES = { currency: 'EUR', cpuHour: 1, gpuHour: 10, machineHour: {} };

export interface LoopOptions {
  readonly searchAttributes?: boolean;
  /** A cluster that runs some of the jobs elsewhere. */
  readonly clusterOver?: (memory: MemoryJobCluster, store: ObjectStore) => JobCluster;
}

export type Loop = ReturnType<typeof createLoop>;

/** The real activities and the real ledger over fakes at the ports; every test uses a model of its own name. */
export function createLoop({ searchAttributes = false, clusterOver }: LoopOptions = {}) {
  const store = createMemoryStore();
  const ledger = createLedger({ store, signer: createMemorySigner(), owner: 'test/default' });
  const jobCluster = createMemoryJobCluster(store);
  const registry = createMemoryRegistry();
  const notifier = createMemoryNotifier();
  const logs = createMemoryLogKeeper();
  const noticeRoutes = createMemoryNoticeRoutes();
  const traffic = createMemoryServing();
  const holds = createHolds();
  let watches = newWatches();
  const activities = withFailures(
    holds.wrap(
      createActivities({
        store,
        ledger,
        jobCluster: clusterOver?.(jobCluster, store) ?? jobCluster,
        registryOf: () => registry,
        logKeeper: logs.keeper,
        notifier,
        noticeRoutes,
        ...traffic,
        environment: { lockDigest: digestOfBytes(Buffer.from('lock')), architecture: 'any', stepsDigest: digestOfBytes('steps') },
        prices: PRICES,
        runWatch: (watch) => watches.run(watch),
        watchHeartbeatSeconds: 60,
        labelPauseSeconds: null,
        searchAttributes,
      }),
    ),
  );
  return { store, ledger, jobCluster, registry, notifier, logs, noticeRoutes, traffic, holds, giveBackWatches, activities };

  async function giveBackWatches(): Promise<void> {
    const ended = watches;
    watches = newWatches();
    await ended.close();
  }
}

const newWatches = () => detachWatches({ countMax: 1000, failed: () => undefined, unheard: () => undefined });

/** Failures that a test provokes are no news. */
export function beQuiet(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
  });
}

export interface RunningLoop extends Loop {
  /** What the worker counted. */
  readonly meter: Meter;
  readonly environment: TestWorkflowEnvironment;
  readonly client: TestWorkflowEnvironment['client'];
  /** Runs this while no worker is there. */
  withoutWorkers(run: () => Promise<void>): Promise<void>;
}

export const workflowBundle = () => ({
  code: readFileSync(fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url)), 'utf8'),
});

/** One server and one worker for all tests of a file. `timeSkipping`: months take milliseconds; `dev`: the real server. */
export function useLoop(
  server: 'timeSkipping' | 'dev',
  { extraArgs = [], searchAttributes = false, clusterOver }: LoopOptions & { extraArgs?: string[] } = {},
): () => RunningLoop {
  let running: RunningLoop | undefined;
  let stop = async (): Promise<void> => undefined;

  beforeAll(async () => {
    beQuiet();
    const environment = await startServer(server, searchAttributes ? [...extraArgs, ...SEARCH_ATTRIBUTES] : extraArgs);
    const meter = createMeter();
    const loop = createLoop({ searchAttributes, ...(clusterOver && { clusterOver }) });
    const common = {
      connection: environment.nativeConnection,
      activities: loop.activities,
      shutdownGraceTime: 100,
      shutdownForceTime: '20 seconds',
    };
    const bundle = workflowBundle();
    const startWorkers = async (): Promise<() => Promise<void>> => {
      const workers = [
        await Worker.create({ ...common, taskQueue: TASK_QUEUE, workflowBundle: bundle, sinks: countTriggers(meter) }),
        await Worker.create({ ...common, taskQueue: WATCH_TASK_QUEUE }),
        await Worker.create({ ...common, taskQueue: TRAFFIC_TASK_QUEUE }),
      ];
      const ended = Promise.all(workers.map((worker) => worker.run()));
      return async () => {
        for (const worker of workers) worker.shutdown();
        await loop.giveBackWatches();
        await ended;
      };
    };
    let stopWorkers = await startWorkers();
    const withoutWorkers = async (run: () => Promise<void>): Promise<void> => {
      await stopWorkers();
      await run();
      stopWorkers = await startWorkers();
    };
    running = { ...loop, meter, environment, client: environment.client, withoutWorkers };
    stop = async () => {
      await stopWorkers();
      await environment.teardown();
    };
  });
  afterEach(() => running?.holds.releaseAll());
  afterAll(() => stop());
  return () => running!;
}

const SEARCH_ATTRIBUTES = ['RatchetModel', 'RatchetStage', 'RatchetVerdict', 'RatchetTrigger'].flatMap((name) => [
  '--search-attribute',
  `${name}=Keyword`,
]);

async function startServer(server: 'timeSkipping' | 'dev', extraArgs: string[]): Promise<TestWorkflowEnvironment> {
  if (server === 'timeSkipping') {
    const executable = { type: 'existing-path', path: inject('temporalTestServer') } as const;
    return TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
  }
  const executable = { type: 'existing-path', path: inject('temporalCli') } as const;
  const quick = ['--log-level', 'error', '--dynamic-config-value', 'history.transferProcessorMaxPollRPS=1000'];
  return TestWorkflowEnvironment.createLocal({ server: { executable, extraArgs: [...quick, ...extraArgs] } });
}
