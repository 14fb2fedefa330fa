import type { CycleOutcome, LedgerBody } from '../ledger.js';

type Body<K extends LedgerBody['kind']> = Extract<LedgerBody, { kind: K }>;

export interface DecidedAgainst {
  readonly outcome: Extract<CycleOutcome, 'rejected' | 'inconclusive'>;
  readonly reason: string;
}

/**
 * The decision against a cycle that its records hold, whatever became of its workflow afterwards: a verdict that stopped it,
 * people who said no or nothing. null: none. Pure. A record of traffic that was turned back does not say who decided it, or whether
 * anybody did.
 *
 * @param bodies records of the ledger, in order; those of other cycles are passed over.
 */
export function decidedAgainst(bodies: readonly LedgerBody[], cycle: number): DecidedAgainst | null {
  const own = bodies.filter((body) => 'cycle' in body && body.cycle === cycle);
  const judged = own.findLast((body) => body.kind === 'judged');
  if (judged?.next === 'stop') return stoppedBy(judged);
  const asked = own.findLast((body) => body.kind === 'approved');
  if (asked?.outcome === 'timedOut') return { outcome: 'rejected', reason: 'too few signed in time' };
  return asked?.outcome === 'rejected' ? { outcome: 'rejected', reason: rejectedBy(asked.votes) } : null;
}

/** How a verdict that stops a cycle ends it. */
export function stoppedBy({ face, reasons }: Pick<Body<'judged'>, 'face'> & { readonly reasons: readonly string[] }): DecidedAgainst {
  return { outcome: face === 'fail' ? 'rejected' : 'inconclusive', reason: reasons.join('; ') || face };
}

/** Who said no, and why. */
export function rejectedBy(votes: readonly Pick<Body<'approved'>['votes'][number], 'signer' | 'decision' | 'comment'>[]): string {
  const no = votes.find(({ decision }) => decision === 'reject');
  return `rejected by ${no?.signer ?? 'a signer'}${no?.comment ? `: ${no.comment}` : ''}`;
}
