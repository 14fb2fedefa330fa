import type { ModelVersion } from '../candidate.js';
import type { LedgerRecord } from '../ledger.js';

/**
 * How many comparisons had been spent against a version when it last was champion, and were forgotten by a promotion since: back
 * as champion, it has them behind it again. Else each promotion that is turned back would buy a new budget against it. Pure.
 *
 * @param records of the ledger in order, at least from the start of the version's cycle to before it is back
 */
export function spentBefore(records: readonly LedgerRecord[], { candidateDigest }: ModelVersion): number {
  const left = records.findLastIndex(({ after }) => after.champion?.candidateDigest === candidateDigest);
  const isForgotten = left >= 0 && records.slice(left + 1).some(({ body }) => body.kind === 'promoted');
  return isForgotten ? records[left]!.after.comparisons : 0;
}
