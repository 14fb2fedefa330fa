import type { ModelVersion } from './candidate.js';
import type { LedgerRecord } from './ledger.js';

/**
 * The version to turn back to where nobody names one: the one that the champion replaced when it was promoted. After a rollback
 * the head has none, for nothing turns "back" to what was just turned away; the champion's own promotion still says it. Pure.
 *
 * @param records all of the ledger, in order
 */
export function versionBefore(records: readonly LedgerRecord[]): ModelVersion | undefined {
  const { champion = null, previousChampion = null } = records.at(-1)?.after ?? {};
  if (previousChampion !== null) return previousChampion;
  const promotion = records.findLast(
    ({ body }) => body.kind === 'promoted' && champion !== null && body.version.candidateDigest === champion.candidateDigest,
  );
  return promotion?.after.previousChampion ?? undefined;
}
