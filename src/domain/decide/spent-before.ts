import type { ModelVersion } from '../candidate.js';
import type { LedgerRecord } from '../ledger.js';

/**
 * How many comparisons had been spent against a version when it was replaced: back as champion, it has them behind it again.
 * Else each promotion that is turned back would buy a new budget against the same champion. Pure.
 *
 * @param records all of the ledger, in order
 */
export function spentBefore(records: readonly LedgerRecord[], { candidateDigest }: ModelVersion): number {
  const replaced = records.findLastIndex(
    ({ body }, index) => body.kind === 'promoted' && records[index - 1]?.after.champion?.candidateDigest === candidateDigest,
  );
  return records[replaced - 1]?.after.comparisons ?? 0;
}
