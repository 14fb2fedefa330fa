import { condition, patched, setHandler } from '@temporalio/workflow';
import type { OpenedCycle } from '../activities/decision-activities.js';
import type { ApprovalOutcome, ApprovalState } from '../domain/approval.js';
import {
  approvalEndsAtMs,
  approvalEscalatesAtMs,
  approvalRefusal,
  countApproval,
  expireApproval,
  openApproval,
  refuseVote,
} from '../domain/decide/count-approvals.js';
import { readVote } from '../domain/decide/read-vote.js';
import type { Digest } from '../domain/digest.js';
import { noticeActivities, shortActivities } from './activity-proxies.js';
import type { CycleProgress } from './cycle-progress.js';
import { championChangedSignal, voteSignal, voteUpdate, type CycleInput, type VoteReply } from './messages.js';
import { failureOf, refuse } from './workflow-failure.js';

const NOT_WAITING = 'this cycle is not waiting for an approval';

/** More votes than this that came before the question are dropped. */
const EARLY_MAX = 50;

/** What came while nobody looked. */
export interface Listening {
  /** Counts the votes that were signalled before people were asked: early ones, and those of a run that was reset. */
  readonly countEarly: () => void;
  /** Whether another champion was told of since this was asked last. */
  readonly hearsOfChampion: () => boolean;
  readonly forgetChampion: () => void;
}

/**
 * Takes votes from the moment the cycle starts. An Update is refused to the caller's face, also where it comes too early; a
 * Signal in the record, where an early one waits for the question.
 */
export function listenForVotes(progress: CycleProgress, approvalSpec: () => OpenedCycle['approval'] | null): Listening {
  const early: unknown[] = [];
  let hasNewChampion = false;
  // A worker of before this signal may have been handed it: what it did then is what was done.
  setHandler(championChangedSignal, () => void (hasNewChampion = patched('a-waiting-cycle-hears-of-another-champion')));
  setHandler(
    voteUpdate,
    (payload): VoteReply => {
      const vote = readVote(payload); // not the payload itself: what it leaves out would be missing from the record
      if (typeof vote === 'string') return refuse(vote);
      const spec = approvalSpec();
      const state = progress.state.approval;
      if (spec === null || state === null) return refuse(NOT_WAITING);
      const next = countApproval(spec, state, vote, now());
      progress.approval(next);
      return {
        outcome: next.outcome,
        approvals: next.votes.filter((counted) => counted.decision === 'approve').length,
        quorum: spec.quorum,
      };
    },
    {
      validator: (payload) => {
        const vote = readVote(payload);
        if (typeof vote === 'string') return refuse(vote);
        const spec = approvalSpec();
        const state = progress.state.approval;
        const reason = spec === null || state === null ? NOT_WAITING : approvalRefusal(spec, state, vote, now());
        if (reason !== null) refuse(reason);
      },
    },
  );
  setHandler(voteSignal, (payload) => {
    const state = progress.state.approval;
    if (state !== null) take(payload, state);
    else if (early.length < EARLY_MAX) early.push(payload);
  });
  return {
    countEarly: () => {
      if (early.length === 0 || !patched('early-votes-count')) return;
      for (const payload of early.splice(0)) if (progress.state.approval !== null) take(payload, progress.state.approval);
    },
    hearsOfChampion: () => hasNewChampion,
    forgetChampion: () => void (hasNewChampion = false),
  };

  function take(payload: unknown, state: ApprovalState): void {
    const spec = approvalSpec();
    const vote = readVote(payload);
    if (typeof vote === 'string') return progress.approval(refuseVote(state, null, now(), vote));
    progress.approval(spec === null ? refuseVote(state, vote, now(), NOT_WAITING) : countApproval(spec, state, vote, now()));
  }
}

/**
 * Waits for the people: hours or months, without a worker slot. Silence is a rejection. An approval that the ledger
 * already holds (this run was reset) is taken from there.
 * @throws ChampionChanged: a rollback put another champion in force, so there is nothing to sign any more
 */
export async function approveCandidate(
  { model, cycle }: CycleInput,
  candidateDigest: Digest,
  opened: OpenedCycle,
  { progress, listening, reasons }: { progress: CycleProgress; listening: Listening; reasons: readonly string[] },
): Promise<ApprovalOutcome> {
  const spec = opened.approval;
  const recorded = await shortActivities('look for a recorded approval').findApproval({ model, cycle, candidateDigest });
  const opening = openApproval(candidateDigest, now());
  progress.approval(recorded === null ? opening : { ...opening, votes: recorded.votes, outcome: recorded.outcome });
  if (recorded !== null) return recorded.outcome;
  listening.countEarly();

  const title = `${model}: a person must decide about cycle ${cycle}`;
  const text = [
    ...reasons,
    `ratchet approve ${model} --candidate ${candidateDigest} --as <you>`,
    `ratchet reject ${model} --candidate ${candidateDigest} --as <you>`,
  ].join('\n');
  const tell = (id: 'approval' | 'escalation', to: readonly string[]): Promise<void> =>
    noticeActivities('tell the people who may sign')
      .notifyPeople({
        id: `${model}/${cycle}/${id}`,
        model,
        event: id,
        severity: 'action',
        title,
        text,
        to,
        waitsFor: { cycle, candidateDigest },
      })
      .catch(() => undefined); // the vote is open whether or not the notice arrived; the failed activity stands in the history
  void tell('approval', signersOf(opened)); // a notifier that is down must not keep a decided vote waiting

  const escalatesAtMs = approvalEscalatesAtMs(spec, opening);
  if (escalatesAtMs !== null && escalatesAtMs < approvalEndsAtMs(spec, opening)) {
    if (!(await isDecidedBy(escalatesAtMs, 'until the approval is escalated'))) void tell('escalation', spec.escalateTo);
  }
  if (!decided()) await isDecidedBy(approvalEndsAtMs(spec, opening), 'until the approval times out');
  const state = expireApproval(progress.state.approval ?? opening);
  progress.approval(state);
  return recordApproval({ model, cycle }, state, progress);

  async function isDecidedBy(untilMs: number, summary: string): Promise<boolean> {
    for (;;) {
      const isWoken = await condition(() => decided() || listening.hearsOfChampion(), Math.max(1, untilMs - Date.now()), { summary });
      if (!isWoken || decided()) return isWoken;
      listening.forgetChampion();
      await shortActivities('is it still the champion that it was compared with').checkBaseline({ model, cycle });
    }
  }

  function decided(): boolean {
    return progress.state.approval?.outcome != null;
  }
}

/** Writes down what was decided. Where a run before a reset wrote it already, that one stands. */
async function recordApproval({ model, cycle }: CycleInput, state: ApprovalState, progress: CycleProgress): Promise<ApprovalOutcome> {
  const { candidateDigest } = state;
  const outcome = state.outcome ?? 'timedOut';
  try {
    await shortActivities(`record: ${outcome}`).appendRecord({
      model,
      key: `${cycle}/approved`,
      body: {
        kind: 'approved',
        cycle,
        candidateDigest,
        outcome,
        votes: state.votes.map(({ signer, role, decision, comment, at, assurance }) => ({
          signer,
          role,
          decision,
          comment,
          at,
          assurance,
        })),
      },
      expects: { openCycle: cycle },
      at: now(),
    });
    return outcome;
  } catch (error) {
    if (failureOf(error).type !== 'LedgerConflict') throw error;
    const recorded = await shortActivities('look for a recorded approval').findApproval({ model, cycle, candidateDigest });
    if (recorded === null) throw error;
    progress.approval({ ...state, votes: recorded.votes, outcome: recorded.outcome });
    return recorded.outcome;
  }
}

function signersOf({ approval }: OpenedCycle): string[] {
  return approval.signers.flatMap((signer) => ('name' in signer ? [signer.name] : signer.members));
}

function now(): string {
  return new Date().toISOString();
}
