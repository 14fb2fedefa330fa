import { judgeEnd } from '../../domain/job-ending.js';
import type { Job, JobFailureType } from '../../domain/job.js';
import type { JudgedEnd } from './job-order.js';
import { isOver } from './seen-job.js';
import type { SeenJob } from './seen-job.js';

type Failed = { readonly type: JobFailureType; readonly message: string };

/** What a job is, from what SageMaker says and what its runner left. Pure. */
export function jobOf(name: string, seen: SeenJob, { progress, ended }: { progress: Job['progress']; ended: JudgedEnd | null }): Job {
  const startedAt = ended?.end.startedAt ?? seen.startedAt;
  const common = { name, progress, startedAt, endedAt: null, output: null, failure: null, ...(seen.billed && { billed: seen.billed }) };
  if (!isOver(seen)) return { ...common, ...unfinished(seen, progress) };
  const endedAt = ended?.end.endedAt ?? seen.endedAt ?? new Date(seen.modifiedMs).toISOString();
  // Work that is done is done, also where SageMaker then was told to stop, or could not put its own archive away.
  if (ended && ended.verdict === null) return { ...common, endedAt, phase: 'Succeeded', output: ended.output };
  const failure = failureOf(seen, ended);
  return { ...common, endedAt, phase: 'Failed', failure: { ...failure, logTail: ended?.end.logTail || seen.failureReason } };
}

/** Until it works, what SageMaker is doing is the progress. */
function unfinished({ secondaryStatus, statusMessage, startedAt, status }: SeenJob, progress: Job['progress']) {
  const isWaiting = secondaryStatus === null ? startedAt === null : ['Starting', 'Pending', 'Interrupted'].includes(secondaryStatus);
  const said = [secondaryStatus ?? status, statusMessage].filter(Boolean).join(': ');
  return {
    phase: isWaiting ? ('Pending' as const) : ('Running' as const),
    progress: progress ?? (isWaiting ? { message: said.slice(0, 500) } : null),
  };
}

function failureOf(seen: SeenJob, ended: JudgedEnd | null): Failed {
  const { status, secondaryStatus, failureReason: reason } = seen;
  if (status === 'Stopped') {
    if (secondaryStatus === 'MaxRuntimeExceeded')
      return { type: 'JobTimedOut', message: 'expected to end within SageMaker’s time limit, found it still running' };
    if (secondaryStatus === 'MaxWaitTimeExceeded')
      return {
        type: 'ClusterFull',
        message: 'found no spot machines for long enough: raise spot.waitSecondsMax, name other machines, or train without spot',
      };
    return { type: 'JobStopped', message: 'stopped on request' };
  }
  // Where SageMaker lost the machine, what an earlier run on it said is not the reason.
  if (/^(Capacity\w*|InsufficientCapacity\w*)\b/.test(reason)) return { type: 'ClusterFull', message: reason };
  if (/^Internal\w*Error\b/.test(reason)) return { type: 'JobLost', message: reason };
  if (ended?.verdict) return ended.verdict;
  if (status === 'Completed')
    return {
      type: 'JobOutputMissing',
      message: 'SageMaker says Completed, but ratchet_steps.runner left no last word: look at the entrypoint of the image',
    };
  return withoutLastWord(reason || 'SageMaker gave no reason');
}

/** The runner did not come to its last word: it was killed with its container, or never started. */
function withoutLastWord(reason: string): Failed {
  if (/instance type with more memory|out of memory|OutOfMemory|exit ?code:? 137/i.test(reason))
    return { type: 'JobOutOfMemory', message: reason };
  if (reason.startsWith('ClientError')) return { type: 'JobSpecInvalid', message: reason };
  const exitCode = /exit ?code:? (\d+)/i.exec(reason)?.[1];
  if (exitCode === undefined) return { type: 'JobFailed', message: reason };
  const said = reason.replace(/^\w+:\s*/, '').replace(/,?\s*exit ?code:? \d+/i, '');
  return judgeEnd({ ...nothingSeen, exitCode: Number(exitCode), logTail: said, errorTail: said }) ?? { type: 'JobFailed', message: reason };
}

const nothingSeen = {
  signal: null,
  endedFor: null,
  outputFault: 'no last word of the runner',
  memoryMiBMax: 0,
  memoryMiBLimit: 0,
  timeLimitSeconds: 0,
  kernelOom: false,
};
