import { allHandlersFinished, CancellationScope, CancelledFailure, condition, patched, setHandler } from '@temporalio/workflow';
import type { OpenedCycle } from '../activities/decision-activities.js';
import type { Judged } from '../activities/judge-activities.js';
import { rejectedBy, stoppedBy } from '../domain/decide/decided-against.js';
import { longActivities, projectActivities, shortActivities } from './activity-proxies.js';
import { approveCandidate, listenForVotes, type Listening } from './approve-candidate.js';
import { endCycle, endingOf, type Ending } from './cycle-ending.js';
import { createCycleProgress, type CycleProgress } from './cycle-progress.js';
import { rolloutStage } from './rollout-stage.js';
import { runJobStage, type Pauses } from './job-stage.js';
import { refuseStrangeStart, refuseUnlessShaped } from './message-shape.js';
import {
  abortUpdate,
  cycleStateQuery,
  cycleWorkflowId,
  jobProgressSignal,
  type AbortRequest,
  type CycleInput,
  type CycleState,
} from './messages.js';
import { failureOf, failWith, refuse } from './workflow-failure.js';

/**
 * One turn of the ratchet: snapshot → validate → train → evaluate → judge → (refit → agree →) register → approve →
 * roll out → promote. Whatever happens, its jobs are stopped, the ledger says how it ended, and the lifecycle is told.
 */
export async function retrainCycle(input: CycleInput): Promise<CycleState> {
  refuseStrangeStart({
    isInput: typeof input?.model === 'string' && Number.isSafeInteger(input.cycle),
    input: '{"model": <name>, "cycle": <number>}',
    workflowId: cycleWorkflowId(input?.model, input?.cycle),
  });
  const progress = createCycleProgress(input.model, input.cycle);
  let opened: OpenedCycle | null = null;
  let isEnding = false;
  const scope = new CancellationScope();

  setHandler(cycleStateQuery, () => progress.state);
  setHandler(jobProgressSignal, (told) => {
    if (typeof told?.words === 'string') progress.heard(told.stage, told.attempt, told.words); // anybody may signal anything
  });
  const abort = listenForAbort(
    progress,
    () => isEnding,
    () => scope.cancel(),
  );
  // A vote on a cycle that is being ended would be counted, and come to nothing.
  const listening = listenForVotes(progress, () => (isEnding || abort() !== null ? null : (opened?.approval ?? null)));

  let ending: Ending;
  try {
    opened = await shortActivities('read what this cycle was started with').openCycle(input);
    progress.opened(opened);
    if (opened.outcome !== null) {
      progress.ended(opened.outcome, 'this cycle ended before: nothing is done again', null);
      return progress.state;
    }
    const context = opened;
    ending = await scope.run(() => runStages(input, context, progress, listening));
  } catch (error) {
    ending = endingOf(error, abort(), progress);
  }
  isEnding = true;
  await CancellationScope.nonCancellable(async () => {
    await endCycle(input, ending, progress);
    await condition(allHandlersFinished);
  });
  if (ending.outcome === 'failed' && ending.failure !== null) throw failWith(ending.failure);
  return progress.state;
}

async function runStages(input: CycleInput, opened: OpenedCycle, progress: CycleProgress, listening: Listening): Promise<Ending> {
  const { model, cycle } = input;
  const pauses: Pauses = { taken: 0 };
  for (const stage of ['snapshot', 'validate', 'train', 'evaluate'] as const) await runJobStage(input, stage, opened, progress, pauses);

  const verdict = await judgeStage(input, progress);
  if (verdict.next === 'stop') return endedBy(verdict, progress, 'judge');
  if (opened.refit) {
    await runJobStage(input, 'refit', opened, progress, pauses);
    await runJobStage(input, 'agree', opened, progress, pauses);
    const agreement = await shortActivities('judge the refit').judgeAgreement({ model, cycle, evidence: progress.evidence() });
    if (agreement.next !== 'proceed') return endedBy(agreement, progress, 'agree');
  }

  progress.begin('register', 'registering');
  const registered = await longActivities('register the candidate').registerCandidate({ model, cycle, evidence: progress.evidence() });
  progress.finish(registered);
  progress.registered(registered.candidateDigest, registered.version);

  let isSigned = false;
  if (verdict.next === 'askPerson') {
    progress.begin('approve', 'waiting for people');
    const outcome = await approveCandidate(input, registered.candidateDigest, opened, { progress, listening, reasons: verdict.reasons });
    if (outcome !== 'approved') {
      const reason = outcome === 'timedOut' ? tooFew(progress, opened.approval) : rejectedBy(progress.state.approval?.votes ?? []);
      progress.fail('approve', reason);
      return { outcome: 'rejected', reason, failure: null };
    }
    isSigned = true;
    progress.done('approve', `signed by ${progress.state.approval?.votes.map((vote) => vote.signer).join(', ')}`);
  } else {
    progress.skip('approve', 'no person is asked for by the policy');
  }

  const reason = isSigned ? `signed after: ${verdict.reasons.join('; ')}` : 'every gate passed';
  if (opened.serves) {
    const becomesAnchor = verdict.provenSuperior || isSigned;
    return rolloutStage(input, { candidateDigest: registered.candidateDigest, becomesAnchor, reason }, progress);
  }
  progress.skip('rollout', 'it answers no requests');
  // An abort may be accepted together with the end of the last call that it would have cut off.
  if (CancellationScope.current().consideredCancelled && patched('an-abort-before-the-promotion-counts'))
    throw new CancelledFailure('aborted');
  progress.begin('promote', 'promoting');
  // From here on the ledger may already say so: an abort is too late, a rollback is the way.
  return CancellationScope.nonCancellable(async (): Promise<Ending> => {
    const becomesAnchor = verdict.provenSuperior || isSigned;
    const evidence = progress.evidence();
    const { candidateDigest } = registered;
    const request = { model, cycle, evidence, candidateDigest, becomesAnchor, reason, at: now() };
    await shortActivities('write the promotion to the ledger').promoteCandidate(request);
    try {
      progress.done('promote', await projectActivities('move the alias and read it back').projectChampion({ model }));
      return { outcome: 'promoted', reason, failure: null };
    } catch (error) {
      // It is promoted: the ledger says so. The registry is repaired towards it by the lifecycle.
      progress.done('promote', `promoted; the registry could not be told: ${failureOf(error).message}`);
      return { outcome: 'promoted', reason, failure: null, isProjected: false };
    }
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

function endedBy(verdict: Judged, progress: CycleProgress, stage: 'judge' | 'agree'): Ending {
  const stopped = stoppedBy(verdict);
  progress.fail(stage, stopped.reason);
  return { ...stopped, failure: null };
}

function tooFew(progress: CycleProgress, { quorum, timeoutHours }: OpenedCycle['approval']): string {
  const signers = progress.state.approval?.votes.map(({ signer }) => signer) ?? [];
  const who = signers.length === 0 ? 'nobody signed' : `${signers.length} of ${quorum} approvals (${signers.join(', ')})`;
  return `${who} within ${timeoutHours} hours`;
}

/** @returns what asked for the abort; null: nobody did */
function listenForAbort(progress: CycleProgress, isEnding: () => boolean, stop: () => void): () => AbortRequest | null {
  let abort: AbortRequest | null = null;
  setHandler(
    abortUpdate,
    (request) => {
      abort = request;
      stop();
    },
    {
      validator: (request) => {
        refuseUnlessShaped('an abort', request, { requestedBy: 'name', reason: 'text' });
        const { outcome, stages } = progress.state;
        if (outcome !== null) refuse(`the cycle has ended: ${outcome}`);
        if (abort !== null) refuse(`the cycle is already being aborted by ${abort.requestedBy}`);
        if (stages.some(({ stage, phase }) => stage === 'promote' && phase !== 'Waiting')) {
          refuse('the promotion is under way: it cannot be aborted, only rolled back');
        }
        if (isEnding()) refuse('the cycle is ending already');
      },
    },
  );
  return () => abort;
}

function now(): string {
  return new Date().toISOString();
}
