import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import type { WatchSeat } from '../../../src/activities/watch-seat.js';
import { withFailures } from '../../../src/activities/to-failure.js';
import { detachWatches } from '../../../src/workers/detach-watches.js';

const BEAT_MS = 100;

/** What a test sees of one try of a watch, and does with it. */
export interface WatchInTest {
  /** What an earlier try last said. */
  readonly heardOf: unknown;
  /** What this one last said: a number that only rises. */
  said: number;
  readonly signal: AbortSignal;
  end(error?: Error): void;
}

export const watchOneBundle = () =>
  bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL('watch-one.ts', import.meta.url)), logger: new DefaultLogger('ERROR') });

/** A worker whose watches end when the test says so, and heartbeat their name until then. */
export async function startWatcher(
  address: string,
  workflowBundle: { code: string },
  { taskQueue, slots, countMax }: { taskQueue: string; slots: number; countMax: number },
) {
  const tries = new Map<string, WatchInTest[]>();
  const failures: string[] = [];
  const unheard: string[] = [];
  let detachedMax = 0;
  const watches = detachWatches({
    countMax,
    failed: ({ activityType, attempt }, failure) => failures.push(`${activityType} ${attempt}: ${failure.message}`),
    unheard: ({ workflowId }) => unheard.push(workflowId),
    counted: (count) => (detachedMax = Math.max(detachedMax, count)),
  });
  const activities = withFailures({ watch: (name: string) => watches.run((seat) => watchUntilTold(name, seat)) });
  const connection = await NativeConnection.connect({ address }); // two workers of one queue cannot share one
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle,
    activities,
    maxConcurrentActivityTaskExecutions: slots,
    shutdownGraceTime: 100,
    shutdownForceTime: '10 seconds',
  });
  const running = worker.run();
  return { tries, failures, unheard, detachedMax: () => detachedMax, last: (name: string) => tries.get(name)?.at(-1), stop };

  async function watchUntilTold(name: string, seat: WatchSeat): Promise<void> {
    let told: Error | 'well' | undefined;
    const { heartbeatDetails: heardOf, signal } = seat;
    const seen = {
      heardOf,
      said: typeof heardOf === 'number' ? heardOf : 0,
      signal,
      end: (error?: Error) => void (told = error ?? 'well'),
    };
    tries.set(name, [...(tries.get(name) ?? []), seen]);
    while (told === undefined) {
      seat.signal.throwIfAborted();
      seat.heartbeat(++seen.said);
      await sleep(BEAT_MS);
    }
    if (told !== 'well') throw told;
  }

  /** As the worker process does when it is told to end. */
  async function stop(): Promise<void> {
    if (worker.getState() !== 'RUNNING') return;
    worker.shutdown();
    await watches.close();
    await running;
    await connection.close();
  }
}
