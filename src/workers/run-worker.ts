import { readFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Client } from '@temporalio/client';
import { applyHouseSchedules } from '../client/apply-house-schedules.js';
import { workerConfig } from '../config/worker-config.js';
import { TASK_QUEUE, TRAFFIC_TASK_QUEUE, WATCH_TASK_QUEUE } from '../workflows/messages.js';
import { composeActivities } from './compose.js';
import { detachWatches } from './detach-watches.js';
import { countFailure, countFailures } from './metrics/count-failures.js';
import { countTriggers } from './metrics/count-triggers.js';
import { createMeter } from './metrics/meter.js';
import { sdkMetrics, showMetrics } from './metrics/show-metrics.js';
import { growSlowly } from './grow-slowly.js';
import { temporalTarget } from './temporal-target.js';
import { STICKY_SECONDS, WATCHED_JOBS_MAX, WATCHED_ROLLOUTS_MAX, WATCHES_IN_SLOTS_MAX, WORKFLOWS_CACHED_MAX } from './worker-limits.js';
import { clusterOwner, hasSearchAttributes } from './temporal-server.js';

/** A line of the log. On a full disk it is lost, and the worker works on: a stream would throw, and stay closed. */
function tell(line: string): void {
  try {
    writeSync(1, `${new Date().toISOString()} ${line}\n`);
  } catch {
    // there is nobody left to tell
  }
}

/**
 * The worker process: short activities and workflows on `ratchet`, watches on `ratchet-watch`, so that no number of
 * trainings keeps a decision waiting. Says `ready` over its channel; ends by itself where the process that started it dies.
 */
export async function runWorker(): Promise<never> {
  try {
    await work();
    process.exit(0);
  } catch (error) {
    tell(`the worker ends: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}

async function work(): Promise<void> {
  growSlowly();
  const config = workerConfig(process.env);
  Runtime.install({
    telemetryOptions: await sdkMetrics(config.sdkMetricsAddress, tell),
    logger: new DefaultLogger('WARN', ({ level, timestampNanos: _time, message, meta }) =>
      tell(`${level} ${message} ${meta === undefined ? '' : JSON.stringify(meta)}`),
    ),
  });
  const target = temporalTarget('the worker');
  const connection = await NativeConnection.connect(target.connection);
  const { namespace } = target;
  const meter = createMeter();
  const watches = detachWatches({
    countMax: WATCHED_JOBS_MAX,
    failed(activity, failure) {
      countFailure(meter, activity.activityType, failure);
      tell(`WARN Activity failed ${JSON.stringify({ ...activity, error: failure.stack ?? failure.message })}`);
    },
    unheard: (activity, error) => tell(`WARN Temporal does not hear of a watch: ${JSON.stringify({ ...activity, error: error.message })}`),
    counted: (count) => meter.record({ name: 'ratchet_watched_jobs', labels: {}, value: count }),
  });
  const activities = await composeActivities({
    config,
    meter,
    runWatch: watches.run,
    owner: await clusterOwner(connection, namespace),
    searchAttributes: await hasSearchAttributes(connection, namespace),
    tell,
  });
  const workflowBundle = { code: readFileSync(fileURLToPath(new URL('../workflow-bundle.js', import.meta.url)), 'utf8') };
  const interceptors = { activity: [countFailures(meter)] };
  const common = {
    connection,
    namespace,
    activities,
    interceptors,
    shutdownGraceTime: '10 seconds',
    shutdownForceTime: '14 seconds',
  } as const;
  const workers = [
    await Worker.create({
      ...common,
      taskQueue: TASK_QUEUE,
      workflowBundle,
      sinks: countTriggers(meter),
      maxCachedWorkflows: WORKFLOWS_CACHED_MAX,
      stickyQueueScheduleToStartTimeout: STICKY_SECONDS * 1000,
      maxConcurrentActivityTaskExecutions: 100,
    }),
    await Worker.create({ ...common, taskQueue: WATCH_TASK_QUEUE, maxConcurrentActivityTaskExecutions: WATCHES_IN_SLOTS_MAX }),
    await Worker.create({ ...common, taskQueue: TRAFFIC_TASK_QUEUE, maxConcurrentActivityTaskExecutions: WATCHED_ROLLOUTS_MAX }),
  ];
  let givenBack: Promise<void> | undefined;
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    givenBack ??= watches.close(); // after: another worker takes them
  };
  process.once('SIGTERM', shutdown);
  process.once('SIGINT', shutdown);
  process.once('disconnect', shutdown); // the supervisor is gone
  const metrics = await showMetrics(config, meter, tell);
  const running = Promise.all(workers.map((worker) => worker.run()));
  process.send?.('ready');
  await applyHouseSchedules(new Client({ connection, namespace })).catch((error: unknown) =>
    tell(`no schedule compares ledger, router and registry, or tends logs: ${error instanceof Error ? error.message : String(error)}`),
  );
  tell(`worker polls ${TASK_QUEUE}, ${WATCH_TASK_QUEUE} and ${TRAFFIC_TASK_QUEUE} of ${namespace} at ${target.address}`);
  await running;
  await givenBack;
  await metrics?.close();
  await connection.close();
}
