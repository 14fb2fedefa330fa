import type { FoundJob } from './found-job.js';
import type { JobApi } from './job-api.js';
import { goneAtMs } from './job-state.js';
import type { Patience } from './patience.js';

/**
 * false: it should have been gone for so long that its node is lost. Counted from when it was first told to go, so that whoever
 * asks again, after a limit of time of his own, does not wait again. Its pod may run on until the node is back, and then for its
 * grace. The next attempt puts up with that: checkpoints are whole or not there, have names of their own and hold the same work
 * (docs/reference/job-contract.md), a result is looked for under the name of its attempt alone, and how this one ended is settled.
 */
export async function untilGone(
  { namespace, cache, job }: FoundJob,
  { readJob, lostMsMax }: Pick<JobApi, 'readJob'> & Pick<Patience, 'lostMsMax'>,
): Promise<boolean> {
  const { name, uid, deletionTimestamp = cache.pod(job.metadata!.name!)?.metadata?.deletionTimestamp } = job.metadata!;
  // Told to go just now: our own clock, as that of the API server may be behind it.
  const gracefulMs = Date.now() + (job.spec?.template.spec?.terminationGracePeriodSeconds ?? 0) * 1000;
  const leastMs = deletionTimestamp === undefined ? gracefulMs : 0;
  for (;;) {
    const left = await readJob(namespace, name!);
    if (left?.metadata?.uid !== uid) return true;
    if (Date.now() > Math.max(leastMs, goneAtMs(left!, cache.pod(name!)) ?? gracefulMs) + lostMsMax) return false;
    await cache.changed(name!, 500, AbortSignal.timeout(1000));
  }
}
