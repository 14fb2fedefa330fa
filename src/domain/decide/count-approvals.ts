import type { ApprovalOutcome, ApprovalSpec, ApprovalState, Vote } from '../approval.js';

const MS_PER_HOUR = 3_600_000;

/** Refused votes that a state keeps; a flood of them must not swell the history. */
const REFUSED_MAX = 50;

/** Waiting for votes on a candidate. `at` is an ISO time. */
export function openApproval(candidateDigest: string, at: string): ApprovalState {
  return { candidateDigest, votes: [], refused: [], openedAt: at, outcome: null };
}

/** When silence becomes the spec's `onTimeout`, in milliseconds since 1970. */
export function approvalEndsAtMs(spec: ApprovalSpec, state: ApprovalState): number {
  return Date.parse(state.openedAt) + spec.timeoutHours * MS_PER_HOUR;
}

/** When `escalateTo` is told, in milliseconds since 1970; null: never. */
export function approvalEscalatesAtMs(spec: ApprovalSpec, state: ApprovalState): number | null {
  return spec.escalateAfterHours === undefined ? null : Date.parse(state.openedAt) + spec.escalateAfterHours * MS_PER_HOUR;
}

/**
 * Why a vote is not counted, as a sentence for the voter; null: it counts. Synchronous and pure, for an Update's validator.
 * `at` is the ISO time of the vote: one after the end is refused even where the timer has not fired yet.
 */
export function approvalRefusal(spec: ApprovalSpec, state: ApprovalState, vote: Vote, at: string): string | null {
  if (state.outcome !== null) return `the vote is over: ${outcomeWords[state.outcome]}`;
  if (!(Date.parse(at) < approvalEndsAtMs(spec, state)))
    return `the vote is over: it ended ${spec.timeoutHours} hours after ${state.openedAt}`;
  if (vote.candidateDigest !== state.candidateDigest) {
    return `another candidate is up for approval: expected ${state.candidateDigest}, found ${vote.candidateDigest}`;
  }
  if (roleOf(spec, vote.signer) === undefined) return `${vote.signer} may not sign: expected ${describeSigners(spec)}`;
  const earlier = state.votes.find((counted) => counted.signer === vote.signer);
  if (earlier !== undefined) return `${vote.signer} has already voted (${earlier.decision} at ${earlier.at})`;
  return null;
}

/**
 * The state after a vote. A refused vote changes nothing but `refused`, so that a Signal without an answer is answered in
 * the record. One rejection ends it; `quorum` approvals by different signers approve.
 */
export function countApproval(spec: ApprovalSpec, state: ApprovalState, vote: Vote, at: string): ApprovalState {
  const reason = approvalRefusal(spec, state, vote, at);
  if (reason !== null) return refuseVote(state, vote, at, reason);
  const votes = [...state.votes, { ...vote, at, role: roleOf(spec, vote.signer) ?? null, assurance: 'claimed' as const }];
  return { ...state, votes, outcome: outcomeOf(spec, votes) };
}

/** The state after a vote that is not counted. null: it could not be read. */
export function refuseVote(
  state: ApprovalState,
  vote: Pick<Vote, 'signer' | 'candidateDigest'> | null,
  at: string,
  reason: string,
): ApprovalState {
  const refused = { signer: vote?.signer ?? '', candidateDigest: vote?.candidateDigest ?? '', at, reason };
  return { ...state, refused: [...state.refused, refused].slice(-REFUSED_MAX) };
}

/** The state when the time is over: an outcome that was reached before stands. */
export function expireApproval(state: ApprovalState): ApprovalState {
  return state.outcome === null ? { ...state, outcome: 'timedOut' } : state;
}

/** What recorded votes come to, counted anew: nobody counts twice, and nobody who may not sign; null: to nothing yet. */
export function recountVotes(spec: ApprovalSpec, votes: readonly Pick<Vote, 'signer' | 'decision'>[]): ApprovalOutcome | null {
  const entitled = votes.filter(({ signer }) => roleOf(spec, signer) !== undefined);
  const isFirst = ({ signer }: Pick<Vote, 'signer'>, index: number): boolean =>
    entitled.findIndex((vote) => vote.signer === signer) === index;
  return outcomeOf(spec, entitled.filter(isFirst));
}

/** So many different people could sign at all. */
export function possibleSigners(spec: Pick<ApprovalSpec, 'signers'>): number {
  return new Set(spec.signers.flatMap((signer) => ('name' in signer ? [signer.name] : signer.members))).size;
}

const outcomeWords: Record<ApprovalOutcome, string> = { approved: 'approved', rejected: 'rejected', timedOut: 'its time ran out' };

function outcomeOf(spec: ApprovalSpec, votes: readonly Pick<Vote, 'decision'>[]): ApprovalOutcome | null {
  if (votes.some((vote) => vote.decision === 'reject')) return 'rejected';
  return votes.length >= spec.quorum ? 'approved' : null;
}

/** The role in which a person signs; null: by name; undefined: not at all. The first entry that fits counts. */
function roleOf(spec: ApprovalSpec, person: string): string | null | undefined {
  for (const signer of spec.signers) {
    if ('name' in signer) {
      if (signer.name === person) return null;
    } else if (signer.members.includes(person)) return signer.role;
  }
  return undefined;
}

function describeSigners(spec: ApprovalSpec): string {
  return spec.signers.map((signer) => ('name' in signer ? signer.name : `a ${signer.role} (${signer.members.join(', ')})`)).join(' or ');
}
