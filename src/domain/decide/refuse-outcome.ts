import type { LedgerBody } from '../ledger.js';

/** Kinds that are held against the earlier records of their cycle. */
export const RULED_BY_CYCLE: ReadonlySet<LedgerBody['kind']> = new Set(['exposed', 'withdrawn', 'promoted', 'cycle-ended']);

/**
 * Why a cycle may not get traffic, be promoted, or be ended as promoted, after what its earlier records say; null where it may.
 *
 * Pure. The ledger is the last fence before a champion changes: it needs a verdict that did not stop, of the same cycle,
 * and where a person was asked, a yes to exactly this candidate.
 * @param cycleBodies the earlier records of this cycle, in order, from `cycle-started` on.
 */
export function refuseOutcome(cycleBodies: readonly LedgerBody[], body: LedgerBody): string | null {
  if (body.kind === 'cycle-ended') {
    const isPromoted = cycleBodies.some((earlier) => earlier.kind === 'promoted');
    if (body.outcome === 'promoted' && !isPromoted) {
      return `expected a promoted record of cycle ${body.cycle} before it ends promoted, found none`;
    }
    // Whoever wrote the promotion may never have heard of it.
    return isPromoted && body.outcome !== 'promoted'
      ? `expected cycle ${body.cycle}, which was promoted, to end promoted, found ${body.outcome}`
      : null;
  }
  if (body.kind === 'withdrawn') {
    const isPromoted = cycleBodies.some((earlier) => earlier.kind === 'promoted');
    return isPromoted ? `expected cycle ${body.cycle} not to be promoted, found that it was: it is rolled back, not withdrawn` : null;
  }
  return body.kind === 'promoted' || body.kind === 'exposed' ? refuseForward(cycleBodies, body) : null;
}

/** More traffic and a promotion need the same: a verdict, where asked an approval of exactly this candidate, and no turning back. */
function refuseForward(
  cycleBodies: readonly LedgerBody[],
  { kind, cycle, version }: Extract<LedgerBody, { kind: 'promoted' | 'exposed' }>,
): string | null {
  if (cycleBodies.some((earlier) => earlier.kind === 'withdrawn')) return `expected no withdrawal of cycle ${cycle}, found one: it is over`;
  if (kind === 'exposed' && cycleBodies.some((earlier) => earlier.kind === 'promoted'))
    return `expected cycle ${cycle} not to be promoted yet`;
  const judged = cycleBodies.findLast((earlier) => earlier.kind === 'judged');
  if (judged === undefined)
    return `expected a judged record of cycle ${cycle} before its ${kind === 'promoted' ? 'promotion' : 'traffic'}, found none`;
  if (judged.next === 'stop') return `expected a verdict that lets cycle ${cycle} go on, found ${judged.face}: stop`;
  const approved = cycleBodies.findLast((earlier) => earlier.kind === 'approved');
  if (approved === undefined)
    return judged.next === 'askPerson' ? `expected an approval of cycle ${cycle}: its verdict asks for a person, found none` : null;
  if (approved.outcome !== 'approved') return `expected cycle ${cycle} to be approved, found ${approved.outcome}`;
  if (approved.candidateDigest === version.candidateDigest) return null;
  return `expected the approved candidate ${approved.candidateDigest}, found ${version.candidateDigest}`;
}
