import type { LedgerBody } from '../ledger.js';

/**
 * Why a cycle may not be promoted, or be ended as promoted, after what its earlier records say; null where it may.
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
  return body.kind === 'promoted' ? refusePromotion(cycleBodies, body) : null;
}

function refusePromotion(cycleBodies: readonly LedgerBody[], { cycle, version }: Extract<LedgerBody, { kind: 'promoted' }>): string | null {
  const judged = cycleBodies.findLast((earlier) => earlier.kind === 'judged');
  if (judged === undefined) return `expected a judged record of cycle ${cycle} before its promotion, found none`;
  if (judged.next === 'stop') return `expected a verdict that lets cycle ${cycle} go on, found ${judged.face}: stop`;
  const approved = cycleBodies.findLast((earlier) => earlier.kind === 'approved');
  if (approved === undefined)
    return judged.next === 'askPerson' ? `expected an approval of cycle ${cycle}: its verdict asks for a person, found none` : null;
  if (approved.outcome !== 'approved') return `expected cycle ${cycle} to be approved, found ${approved.outcome}`;
  if (approved.candidateDigest === version.candidateDigest) return null;
  return `expected the approved candidate ${approved.candidateDigest}, found ${version.candidateDigest}`;
}
