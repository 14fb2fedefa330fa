import { ActivityFailure, CancellationScope, patched, sleep } from '@temporalio/workflow';
import type { OpenedCycle } from '../activities/decision-activities.js';
import type { JobStage } from '../domain/job.js';
import { attemptAfterPause, attemptThatGoesOn, nextAttempt, waitedInVain, waitsFor, type Attempt } from '../domain/decide/next-attempt.js';
import type { StageResult } from '../domain/evidence.js';
import type { Failure } from '../domain/failure.js';
import { longActivities, stopActivities, submitActivities, watchActivities } from './activity-proxies.js';
import type { CycleProgress } from './cycle-progress.js';
import type { CycleInput } from './messages.js';
import { failureOf, failWith, lastStepOf } from './workflow-failure.js';

/** How often a cycle has paused for what stands around its jobs: its stages have so many pauses together. */
export interface Pauses {
  taken: number;
}

/**
 * Runs one stage as a job, to its evidence. The attempt rises only after a job that failed, was lost or starved: Temporal's
 * own retries ask for the same job again and find it. However this ends, no job is left running.
 */
export async function runJobStage(
  { model, cycle }: CycleInput,
  stage: JobStage,
  opened: OpenedCycle,
  progress: CycleProgress,
  pauses: Pauses,
): Promise<StageResult> {
  progress.begin(stage, 'starting');
  const training = stage === 'train' || stage === 'refit';
  const limits = training ? opened : { attemptsMax: opened.attemptsMax, memoryMiB: 1, memoryMiBMax: 1 };
  let current: Attempt = { attempt: 1, memoryFactor: 1 };
  for (let outages = 0; ;) {
    const { attempt, memoryFactor } = current;
    const request = { model, cycle, evidence: progress.evidence(), stage, attempt, memoryFactor };
    try {
      const result = await runAttempt(request, stage, opened, progress);
      progress.finish(result);
      if (result.rejection !== null) {
        throw failWith({
          type: 'DataRejected',
          class: 'rejected',
          message: result.rejection,
          remedy: 'mend the data, or the checks in the model file',
        });
      }
      return result;
    } catch (error) {
      const failure = failureOf(error);
      const outage = isOutage(error, failure);
      if (outage && ++outages < limits.attemptsMax) {
        progress.attempt(stage, current.attempt, `asked again after: ${failure.message.slice(0, 200)}`);
        continue; // the same job: it may run, or have done its work
      }
      const step = training && opened.graceSeconds !== undefined ? lastStepOf(error) : null; // without checkpoints it begins anew
      const goesOn = failure.type === 'JobLost' ? attemptThatGoesOn(current, step) : null;
      if (goesOn !== null && patched('a-loss-that-got-on-does-not-count')) {
        current = goesOn;
        progress.attempt(stage, current.attempt, `goes on from its checkpoint after step ${step}: ${failure.message.slice(0, 200)}`);
        continue;
      }
      current = { ...current, step: Math.max(current.step ?? 0, step ?? 0) };
      const awaited = outage ? null : waitsFor(failure.type);
      if (awaited !== null && patched('pause-for-what-is-not-the-jobs-doing')) {
        current = await paused(stage, current, failure, { awaited, pauses, progress });
        continue;
      }
      const next = outage ? null : nextAttempt(current, failure.class, limits);
      if (next === null) {
        progress.fail(stage, failure.message);
        throw error;
      }
      current = next;
      progress.attempt(stage, next.attempt, `again after: ${failure.message.slice(0, 200)}`);
      if (next.waitSeconds > 0) await sleep(next.waitSeconds * 1000, { summary: `wait before attempt ${next.attempt} of ${stage}` });
    }
  }
}

/** Waits, longer each time, until the next attempt may find what the last one lacked. @throws where the cycle has waited for long enough */
async function paused(
  stage: JobStage,
  current: Attempt,
  failure: Failure,
  { awaited, pauses, progress }: { awaited: string; pauses: Pauses; progress: CycleProgress },
): Promise<Attempt> {
  const next = attemptAfterPause(current, pauses.taken++);
  if (next === null) {
    const message = `${waitedInVain(awaited)}: ${failure.message}`;
    progress.fail(stage, message);
    throw failWith({ ...failure, message });
  }
  const until = new Date(Date.now() + next.waitSeconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
  progress.attempt(stage, next.attempt, `waits for ${awaited} until ${until} UTC, then tries again: ${failure.message.slice(0, 200)}`);
  await sleep(next.waitSeconds * 1000, { summary: `wait for ${awaited}, before attempt ${next.attempt} of ${stage}` });
  return next;
}

/** Not the job failed, but what stands around it, or every worker, was away for longer than an activity is asked again. */
function isOutage(error: unknown, failure: Failure): boolean {
  return failure.class === 'transient' && error instanceof ActivityFailure && error.activityType !== 'awaitJob';
}

type AttemptRequest = Parameters<ReturnType<typeof longActivities>['recordStage']>[0];

async function runAttempt(
  request: AttemptRequest,
  stage: JobStage,
  opened: OpenedCycle,
  progress: CycleProgress,
): Promise<StageResult & { rejection: string | null }> {
  const { attempt } = request;
  const { jobName, cited, inputDigest } = await submitActivities(`start ${stage}, attempt ${attempt}`).submitJob(request);
  if (cited !== null) return cited;
  if (jobName === null)
    throw failWith({ type: 'Unexpected', class: 'transient', message: `stage ${stage}: neither a job nor cited evidence`, remedy: '' });
  try {
    progress.attempt(stage, attempt, `running as ${jobName}`);
    const timeLimitSeconds = stage === 'train' || stage === 'refit' ? opened.timeLimitSeconds : 3600;
    const watch = { timeLimitSeconds, heartbeatSeconds: opened.watchHeartbeatSeconds };
    const { model, cycle } = request;
    await watchActivities(`wait for ${jobName}`, watch).awaitJob(jobName, { model, cycle, stage, attempt });
    return await longActivities(`record the evidence of ${stage}`).recordStage({
      ...request,
      ...(inputDigest === undefined ? {} : { inputDigest }),
    });
  } catch (error) {
    await CancellationScope.nonCancellable(() => stopActivities(`stop ${jobName}`, opened.graceSeconds ?? 10).stopJob(jobName));
    throw error;
  }
}
