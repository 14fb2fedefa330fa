import { getExternalWorkflowHandle, isCancellation } from '@temporalio/workflow';
import type { Failure } from '../domain/failure.js';
import type { CycleOutcome, LedgerBody } from '../domain/ledger.js';
import { dayLongActivities, shortActivities } from './activity-proxies.js';
import type { CycleProgress } from './cycle-progress.js';
import { cycleEndedSignal, lifecycleWorkflowId, type AbortRequest, type CycleEnded, type CycleInput } from './messages.js';
import { failureOf } from './workflow-failure.js';

/** How a cycle is about to end, before the ledger says so. */
export interface Ending {
  readonly outcome: CycleOutcome;
  readonly reason: string;
  readonly failure: Failure | null;
  /** The promotion is in the ledger, but the registry could not be told yet. */
  readonly isProjected?: false;
}

/** The ending that an error means. */
export function endingOf(error: unknown, abort: AbortRequest | null, progress: CycleProgress): Ending {
  const stage = progress.currentStage();
  if (isCancellation(error)) {
    const reason = abort === null ? 'cancelled from outside' : `aborted by ${abort.requestedBy}: ${abort.reason}`;
    if (stage !== null) progress.fail(stage, reason);
    return { outcome: 'aborted', reason, failure: null };
  }
  const failure = failureOf(error);
  if (stage !== null) progress.fail(stage, failure.message);
  const reason = failure.message.split('\n')[0] ?? failure.message;
  if (failure.type === 'ChampionChanged') return { outcome: 'superseded', reason, failure: null };
  if (failure.class === 'rejected') return { outcome: 'rejected', reason, failure: null };
  return { outcome: 'failed', reason, failure };
}

/** Jobs first, then the ledger, then tell. Where the lifecycle settled this cycle meanwhile, its word stands. */
export async function endCycle(input: CycleInput, ending: Ending, progress: CycleProgress): Promise<void> {
  await dayLongActivities('stop what still runs')
    .stopJobsOfCycle(input)
    .catch(() => undefined); // after a day without an answer the end is recorded all the same
  await recordEnd(input, ending, progress);
  const told: CycleEnded = {
    cycle: input.cycle,
    outcome: progress.state.outcome ?? ending.outcome,
    ...(ending.isProjected === false ? { isProjected: false } : {}),
  };
  try {
    await getExternalWorkflowHandle(lifecycleWorkflowId(input.model)).signal(cycleEndedSignal, told);
  } catch {
    // The lifecycle does not run: at its next start it reads the ledger.
  }
}

async function recordEnd({ model, cycle }: CycleInput, { outcome, reason, failure }: Ending, progress: CycleProgress): Promise<void> {
  const body: LedgerBody = {
    kind: 'cycle-ended',
    cycle,
    outcome,
    stage: outcome === 'promoted' ? null : progress.currentStage(),
    reason,
    failure: failure === null ? null : { ...failure },
    evidence: progress.evidence(),
  };
  try {
    const at = new Date().toISOString();
    const request = { model, key: `${cycle}/cycle-ended`, body, expects: { openCycle: cycle }, at };
    await shortActivities(`record the end: ${outcome}`).appendRecord(request);
    progress.ended(outcome, reason, failure);
  } catch (error) {
    const settled = await shortActivities('read how it was settled')
      .findOutcome({ model, cycle })
      .catch(() => null);
    if (settled !== null) {
      progress.ended(settled, settled === outcome ? reason : `settled as ${settled} while this cycle was ${outcome}`, failure);
      return;
    }
    const notRecorded = failureOf(error);
    progress.ended('failed', `${reason}; the end could not be recorded: ${notRecorded.message}`, failure ?? notRecorded);
  }
}
