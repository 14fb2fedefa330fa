import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  allHandlersFinished,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import type { OpenedCycle } from '../activities/decision-activities.js';
import type { Judged } from '../activities/judge-activities.js';
import type { Failure } from '../domain/failure.js';
import type { CycleOutcome, LedgerBody } from '../domain/ledger.js';
import { longActivities, shortActivities } from './activity-proxies.js';
import { approveCandidate, listenForVotes } from './approve-candidate.js';
import { createCycleProgress, type CycleProgress } from './cycle-progress.js';
import { runJobStage } from './job-stage.js';
import {
  abortUpdate,
  cycleEndedSignal,
  cycleStateQuery,
  lifecycleWorkflowId,
  type AbortRequest,
  type CycleInput,
  type CycleState,
} from './messages.js';
import { failureOf, failWith, refuse } from './workflow-failure.js';

interface Ending {
  readonly outcome: CycleOutcome;
  readonly reason: string;
  readonly failure: Failure | null;
}

/**
 * One turn of the ratchet: snapshot → validate → train → evaluate → judge → (refit → agree →) register → approve →
 * roll out → promote. Whatever happens, its jobs are stopped, the ledger says how it ended, and the lifecycle is told.
 */
export async function retrainCycle(input: CycleInput): Promise<CycleState> {
  const progress = createCycleProgress(input.model, input.cycle);
  let opened: OpenedCycle | null = null;
  let abort: AbortRequest | null = null;
  const scope = new CancellationScope();

  setHandler(cycleStateQuery, () => progress.state);
  listenForVotes(progress, () => opened?.approval ?? null);
  setHandler(
    abortUpdate,
    (request) => {
      abort = request;
      scope.cancel();
    },
    { validator: (_request) => refuseAbort(progress, abort) },
  );

  let ending: Ending;
  try {
    opened = await shortActivities('read what this cycle was started with').openCycle(input);
    progress.opened(opened);
    const context = opened;
    ending = await scope.run(() => runStages(input, context, progress));
  } catch (error) {
    ending = endingOf(error, abort, progress);
  }
  await CancellationScope.nonCancellable(() => endCycle(input, ending, progress));
  await condition(allHandlersFinished);
  if (ending.outcome === 'failed' && ending.failure !== null) throw failWith(ending.failure);
  return progress.state;
}

async function runStages(input: CycleInput, opened: OpenedCycle, progress: CycleProgress): Promise<Ending> {
  const { model, cycle } = input;
  for (const stage of ['snapshot', 'validate', 'train', 'evaluate'] as const) await runJobStage(input, stage, opened, progress);

  const verdict = await judgeStage(input, progress);
  if (verdict.next === 'stop') return stoppedBy(verdict, progress, 'judge');
  if (opened.refit) {
    await runJobStage(input, 'refit', opened, progress);
    await runJobStage(input, 'agree', opened, progress);
    const agreement = await shortActivities('judge the refit').judgeAgreement({ model, cycle, evidence: progress.evidence() });
    if (agreement.next !== 'proceed') return stoppedBy(agreement, progress, 'agree');
  }

  progress.begin('register', 'registering');
  const registered = await longActivities('register the candidate').registerCandidate({ model, cycle, evidence: progress.evidence() });
  progress.finish(registered);
  progress.registered(registered.candidateDigest, registered.version);

  let isSigned = false;
  if (verdict.next === 'askPerson') {
    progress.begin('approve', 'waiting for people');
    const outcome = await approveCandidate(input, registered.candidateDigest, opened, progress, verdict.reasons);
    if (outcome !== 'approved') {
      const reason =
        outcome === 'timedOut' ? `nobody signed within ${opened.approval.timeoutHours} hours` : `rejected by ${rejecter(progress)}`;
      progress.fail('approve', reason);
      return { outcome: 'rejected', reason, failure: null };
    }
    isSigned = true;
    progress.skip('approve', `signed by ${progress.state.approval?.votes.map((vote) => vote.signer).join(', ')}`);
  } else {
    progress.skip('approve', 'no person is asked for by the policy');
  }

  progress.skip('rollout', 'no traffic is managed yet');
  progress.begin('promote', 'promoting');
  const reason = isSigned ? `signed after: ${verdict.reasons.join('; ')}` : 'every gate passed';
  // From here on the ledger may already say so: an abort is too late, a rollback is the way.
  return CancellationScope.nonCancellable(async (): Promise<Ending> => {
    const becomesAnchor = verdict.provenSuperior || isSigned;
    const evidence = progress.evidence();
    await shortActivities('write the promotion to the ledger').promoteCandidate({
      model,
      cycle,
      evidence,
      candidateDigest: registered.candidateDigest,
      becomesAnchor,
      reason,
      at: now(),
    });
    const projected = await longActivities('move the alias and read it back').projectChampion({ model });
    progress.skip('promote', projected);
    return { outcome: 'promoted', reason, failure: null };
  });
}

async function judgeStage({ model, cycle }: CycleInput, progress: CycleProgress): Promise<Judged> {
  progress.begin('judge', 'judging');
  const verdict = await shortActivities('judge the evidence').judgeCycle({ model, cycle, evidence: progress.evidence() });
  const { evidenceDigest: verdictDigest, face, next, compared, reasons } = verdict;
  await shortActivities(`record the verdict: ${face}`).appendRecord({
    model,
    key: `${cycle}/judged`,
    body: { kind: 'judged', cycle, verdictDigest, face, next, compared, reasons: [...reasons] },
    expects: { openCycle: cycle },
    at: now(),
  });
  progress.finish(verdict);
  progress.judged({ face, next, reasons });
  return verdict;
}

function stoppedBy(verdict: Judged, progress: CycleProgress, stage: 'judge' | 'agree'): Ending {
  const reason = verdict.reasons.join('; ') || verdict.face;
  progress.fail(stage, reason);
  return { outcome: verdict.face === 'fail' ? 'rejected' : 'inconclusive', reason, failure: null };
}

function rejecter(progress: CycleProgress): string {
  const vote = progress.state.approval?.votes.find((counted) => counted.decision === 'reject');
  return vote === undefined ? 'a signer' : `${vote.signer}${vote.comment === '' ? '' : `: ${vote.comment}`}`;
}

function endingOf(error: unknown, abort: AbortRequest | null, progress: CycleProgress): Ending {
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

/** Ledger first, then tell. Where the lifecycle settled this cycle meanwhile, its word stands. */
async function endCycle({ model, cycle }: CycleInput, { outcome, reason, failure }: Ending, progress: CycleProgress): Promise<void> {
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
    await shortActivities('stop what still runs').stopJobsOfCycle({ model, cycle });
    await shortActivities(`record the end: ${outcome}`).appendRecord({
      model,
      key: `${cycle}/cycle-ended`,
      body,
      expects: { openCycle: cycle },
      at: now(),
    });
    progress.ended(outcome, reason, failure);
  } catch (error) {
    const settled = await shortActivities('read how it was settled')
      .findOutcome({ model, cycle })
      .catch(() => null);
    if (settled === null) progress.ended('failed', `the end could not be recorded: ${failureOf(error).message}`, failureOf(error));
    else progress.ended(settled, settled === outcome ? reason : `settled as ${settled} while this cycle was ${outcome}`, failure);
  }
  try {
    await getExternalWorkflowHandle(lifecycleWorkflowId(model)).signal(cycleEndedSignal, {
      cycle,
      outcome: progress.state.outcome ?? outcome,
    });
  } catch {
    // The lifecycle does not run: at its next start it reads the ledger.
  }
}

function refuseAbort(progress: CycleProgress, abort: AbortRequest | null): void {
  if (progress.state.outcome !== null) refuse(`the cycle has ended: ${progress.state.outcome}`);
  if (abort !== null) refuse(`the cycle is already being aborted by ${abort.requestedBy}`);
  if (progress.currentStage() === 'promote') refuse('the promotion is under way: it cannot be aborted, only rolled back');
}

function now(): string {
  return new Date().toISOString();
}
