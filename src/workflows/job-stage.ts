import { ActivityFailure, CancellationScope, sleep } from '@temporalio/workflow';
import type { OpenedCycle } from '../activities/decision-activities.js';
import type { JobStage } from '../domain/job.js';
import { nextAttempt } from '../domain/decide/next-attempt.js';
import type { StageResult } from '../domain/evidence.js';
import type { Failure } from '../domain/failure.js';
import { longActivities, stopActivities, submitActivities, watchActivities } from './activity-proxies.js';
import type { CycleProgress } from './cycle-progress.js';
import type { CycleInput } from './messages.js';
import { failureOf, failWith } from './workflow-failure.js';

/**
 * Runs one stage as a job, to its evidence. The attempt rises only after a job that failed, was lost or starved: Temporal's
 * own retries ask for the same job again and find it. However this ends, no job is left running.
 */
export async function runJobStage(
  { model, cycle }: CycleInput,
  stage: JobStage,
  opened: OpenedCycle,
  progress: CycleProgress,
): Promise<StageResult> {
  progress.begin(stage, 'starting');
  const training = stage === 'train' || stage === 'refit';
  const limits = training ? opened : { attemptsMax: opened.attemptsMax, memoryMiB: 1, memoryMiBMax: 1 };
  let current = { attempt: 1, memoryFactor: 1 };
  for (let outages = 0; ;) {
    const request = { model, cycle, evidence: progress.evidence(), stage, ...current };
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
      const next = outage ? null : nextAttempt(current, failure.class, limits);
      if (next === null) {
        progress.fail(stage, failure.message);
        throw error;
      }
      current = { attempt: next.attempt, memoryFactor: next.memoryFactor };
      progress.attempt(stage, next.attempt, `again after: ${failure.message.slice(0, 200)}`);
      if (next.waitSeconds > 0) await sleep(next.waitSeconds * 1000, { summary: `wait before attempt ${next.attempt} of ${stage}` });
    }
  }
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
  const { jobName, cited } = await submitActivities(`start ${stage}, attempt ${attempt}`).submitJob(request);
  if (cited !== null) return cited;
  if (jobName === null)
    throw failWith({ type: 'Unexpected', class: 'transient', message: `stage ${stage}: neither a job nor cited evidence`, remedy: '' });
  try {
    progress.attempt(stage, attempt, `running as ${jobName}`);
    const timeLimitSeconds = stage === 'train' || stage === 'refit' ? opened.timeLimitSeconds : 3600;
    const watch = { timeLimitSeconds, heartbeatSeconds: opened.watchHeartbeatSeconds };
    const { model, cycle } = request;
    await watchActivities(`wait for ${jobName}`, watch).awaitJob(jobName, { model, cycle, stage, attempt });
    return await longActivities(`record the evidence of ${stage}`).recordStage(request);
  } catch (error) {
    await CancellationScope.nonCancellable(() => stopActivities(`stop ${jobName}`, opened.graceSeconds ?? 10).stopJob(jobName));
    throw error;
  }
}
