import { RatchetError } from './failure.js';
import { recordKey } from './ledger-file.js';

/** That a ledger cannot be what was written, and the one thing that helps. @param more what else may be done about it */
export function brokenLedger(model: string, message: string, more = ''): RatchetError {
  const remedy = `run \`ratchet audit verify ${model}\`; restore this file from a copy, nothing else may be changed${more}`;
  return new RatchetError('LedgerBroken', message, { remedy });
}

/** @param head the place of one that comes after it */
export function missingRecord(model: string, seq: number, head: number): RatchetError {
  return brokenLedger(model, `${recordKey(model, seq)}: expected the record, as ${head} is there, found nothing`);
}
