import type { ModelVersion } from '../candidate.js';
import type { LedgerRecord } from '../ledger.js';

/**
 * Where the anchor is turned away from: the one of when the version that is back last was champion. Null: there was none, or it is
 * what is turned away from, so a person must sign one. Undefined: the anchor stays. A version that was only not worse must not
 * become the anchor because a better one is turned away. Pure.
 *
 * @param records of the ledger in order, at least from the start of the version's cycle to before it is back
 */
export function anchorBefore(records: readonly LedgerRecord[], { candidateDigest }: ModelVersion): ModelVersion | null | undefined {
  const { champion, anchor } = records.at(-1)?.after ?? {};
  if (!champion || anchor?.candidateDigest !== champion.candidateDigest) return undefined;
  const before = records.findLast(({ after }) => after.champion?.candidateDigest === candidateDigest)?.after.anchor ?? null;
  return before?.candidateDigest === champion.candidateDigest ? null : before;
}
