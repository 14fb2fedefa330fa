import { CancellationScope, CancelledFailure, executeChild, ParentClosePolicy, WorkflowIdReusePolicy } from '@temporalio/workflow';
import type { Digest } from '../domain/digest.js';
import { backwardActivities } from './activity-proxies.js';
import type { Ending } from './cycle-ending.js';
import type { CycleProgress } from './cycle-progress.js';
import { rolloutWorkflowId, TASK_QUEUE, type CycleInput, type RolloutResult } from './messages.js';
import { rolloutModel } from './rollout-model.js';

/**
 * Hands the candidate to its rollout and waits for the end: promoted, or turned back. Cancelled, the rollout gives the traffic
 * back before it answers; one that was ended from outside is settled here.
 */
export async function rolloutStage(
  { model, cycle }: CycleInput,
  candidate: { candidateDigest: Digest; becomesAnchor: boolean; reason: string },
  progress: CycleProgress,
): Promise<Ending> {
  const workflowId = rolloutWorkflowId(model, cycle);
  progress.begin('rollout', `rolling out: ratchet rollout status ${model}`);
  let result: RolloutResult;
  try {
    result = await executeChild(rolloutModel, {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [{ model, cycle, evidence: progress.evidence(), ...candidate }],
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      staticSummary: `Rollout of ${model}, cycle ${cycle}`,
    });
  } catch (error) {
    await settle({ model, cycle });
    throw error;
  }
  const { phase, reason, failure, isProjected } = result;
  if (phase === 'TurnedBack') {
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure(reason); // the cycle was aborted, not the challenger refused
    progress.fail('rollout', reason);
    if (failure?.type === 'ChampionChanged') return { outcome: 'superseded', reason, failure: null };
    return failure === null ? { outcome: 'rejected', reason, failure: null } : { outcome: 'failed', reason, failure };
  }
  progress.done('rollout', reason);
  progress.begin('promote', 'promoting');
  progress.done('promote', isProjected ? 'promoted' : 'promoted; the registry could not be told yet');
  return { outcome: 'promoted', reason: candidate.reason, failure: null, ...(isProjected ? {} : { isProjected: false as const }) };
}

/** A cycle whose version may still have traffic cannot end. */
async function settle({ model, cycle }: CycleInput): Promise<void> {
  const at = new Date().toISOString();
  await backwardActivities('traffic back to what the ledger allows').settleExposure({
    model,
    cycle,
    at,
    reason: 'its rollout was ended from outside',
  });
}
