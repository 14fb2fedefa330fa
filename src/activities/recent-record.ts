import type { LedgerRecord } from '../domain/ledger.js';
import { KNOWN_RECORDS } from './ledger-keys.js';
import type { Ledger } from './ledger.js';

/** The last record like this, as far back as the ledger knows wishes again; null: there is none lately. */
export async function lastRecent(ledger: Ledger, model: string, isIt: (record: LedgerRecord) => boolean): Promise<LedgerRecord | null> {
  const head = (await ledger.readState(model))?.seq ?? 0;
  const records = await ledger.readRecords(model, { from: Math.max(1, head - KNOWN_RECORDS), to: head });
  return records.findLast(isIt) ?? null;
}
