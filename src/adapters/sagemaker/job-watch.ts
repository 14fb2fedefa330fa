import { RatchetError } from '../../domain/failure.js';
import type { Job } from '../../domain/job.js';
import type { FollowedJob } from './job-poller.js';
import { explainJobError } from './sagemaker-error.js';
import type { SeenJob } from './seen-job.js';

export interface JobWatchOptions {
  readonly follow: () => FollowedJob;
  readonly jobFrom: (name: string, seen: SeenJob) => Promise<Job>;
  /** How old the progress of a job may be. */
  readonly progressMs: number;
  /** After this the watch ends as transient. */
  readonly troubleMsMax: number;
}

/** Yields what is known at once, at every change and at every beat, also while SageMaker cannot be asked. */
export async function* watchJob(
  name: string,
  { signal, heartbeatMs }: { signal: AbortSignal; heartbeatMs: number },
  { follow, jobFrom, progressMs, troubleMsMax }: JobWatchOptions,
): AsyncIterable<Job> {
  const followed = follow();
  let last: Job = { name, phase: 'Pending', progress: null, output: null, failure: null, startedAt: null, endedAt: null };
  let [told, toldMs] = ['', -Infinity];
  let [readSeen, readMs]: [SeenJob | null, number] = [null, -Infinity];
  try {
    for (;;) {
      signal.throwIfAborted();
      if (followed.isMissing())
        throw new RatchetError('JobLost', `job ${name}: expected it in SageMaker, found none`, { remedy: 'submit it again' });
      const trouble = followed.trouble();
      if (trouble && Date.now() - trouble.sinceMs > troubleMsMax) throw explainJobError(trouble.error, 'watch', name, { patient: true });
      const seen = followed.seen();
      // The store is asked as seldom as that: thousands of watched jobs beat more often.
      const readEveryMs = progressMs * followed.slowness();
      if (seen && (readSeen !== seen || performance.now() - readMs >= readEveryMs)) {
        last = await jobFrom(name, seen);
        [readSeen, readMs] = [seen, performance.now()];
      }
      const text = JSON.stringify(last);
      if ((seen && text !== told) || performance.now() - toldMs >= heartbeatMs) {
        [told, toldMs] = [text, performance.now()];
        yield last;
      }
      if (last.phase === 'Succeeded' || last.phase === 'Failed') return;
      await followed.change(signal, Math.max(1, Math.min(heartbeatMs - (performance.now() - toldMs), readEveryMs)));
    }
  } finally {
    followed.leave();
  }
}
