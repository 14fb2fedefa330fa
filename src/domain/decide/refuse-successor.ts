import type { FiledRecord } from '../ledger-file.js';
import { foldLedger } from './fold-ledger.js';
import { jsonDifference } from './json-difference.js';
import { refuseRecord } from './refuse-record.js';

/** Why a record does not follow another one. */
export interface SuccessorProblem {
  /** '' is the whole record. */
  readonly field: string;
  /** What was expected and what was found. */
  readonly message: string;
}

/**
 * Why a record does not follow the one right before it; null where it does: it names that one's digest, may stand there, is
 * signed by a key that was admitted *before* it, and leaves the state that follows. What it says of keys and state itself
 * proves nothing: whoever forges a record writes that, too.
 *
 * Pure. Needs the two records only: what takes a whole cycle, `refuseOutcome` says. The signature is checked apart.
 */
export function refuseSuccessor(before: FiledRecord, { record }: FiledRecord): SuccessorProblem | null {
  const { seq, key, body, prev, after, signature } = record;
  if (prev !== before.digest) {
    const message = `expected the digest of record ${before.record.seq}, ${before.digest}, found ${prev ?? 'null'}: one of the two was changed`;
    return { field: 'prev', message };
  }
  const reason = refuseRecord(before.record.after, { seq, key, body, keyId: signature.keyId });
  if (reason !== null) return { field: '', message: reason };
  const difference = jsonDifference(foldLedger(before.record.after, seq, body), after);
  if (difference === null) return null;
  const { path, left, right } = difference;
  return { field: `after.${path}`, message: `expected ${JSON.stringify(left)} after this record, found ${JSON.stringify(right)}` };
}
