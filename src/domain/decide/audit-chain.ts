import type { Digest } from '../digest.js';
import type { LedgerBody, LedgerRecord, LedgerState } from '../ledger.js';
import { foldLedger } from './fold-ledger.js';
import { jsonDifference } from './json-difference.js';
import { refuseOutcome } from './refuse-outcome.js';
import { refuseRecord } from './refuse-record.js';

/** Something that does not hold in a ledger. */
export interface LedgerProblem {
  /** The record's place after its file's name; null: it concerns the whole ledger. */
  readonly seq: number | null;
  /** Which field is wrong: `prev`, `after.generation`, `signature`. '' is the whole record. */
  readonly field: string;
  /** What was expected and what was found. */
  readonly message: string;
}

/** A record as it lies there, with what cryptography says about it. */
export interface LyingRecord {
  /** After its file's name. */
  readonly seq: number;
  readonly record: LedgerRecord;
  readonly digest: Digest;
  /** Whether the signature is that of the key it names; null: that key is not known (reported apart). */
  readonly isSigned: boolean | null;
}

export interface ChainAudit {
  /** The next record, in order. */
  next(lying: LyingRecord): LedgerProblem[];
  /** A place whose record is missing or no record: what follows cannot be held against it. */
  skip(): void;
}

interface Previous {
  readonly seq: number;
  readonly digest: Digest;
  /** false: what it lies there as is not what it was, so the next record rightly names another digest. */
  readonly isAuthentic: boolean;
}

/**
 * Holds one record after the other against the rules of the ledger, and blames the record that is wrong rather than those
 * that follow it: a changed record changes its digest and may change its state, and neither is the next one's fault.
 *
 * No I/O, no cryptography. Memory grows with the number of keys only.
 */
export function createChainAudit(model: string): ChainAudit {
  let previous: Previous | 'start' | 'unknown' = 'start';
  /** What the record before may have left: as it says, and as it follows from what was before. */
  let befores: readonly (LedgerState | null)[] = [null];
  /** The earlier records of the open cycle; null: not all of them are known. */
  let cycleBodies: LedgerBody[] | null = [];
  const keys = new Map<string, number>();
  return { next, skip };

  function next(lying: LyingRecord): LedgerProblem[] {
    const { seq, record, digest, isSigned } = lying;
    const problem = (field: string, message: string | null): LedgerProblem[] => (message === null ? [] : [{ seq, field, message }]);
    const problems = [
      ...problem('seq', record.seq === seq ? null : `expected ${seq} after the file's name, found ${record.seq}`),
      ...problem('model', record.model === model ? null : `expected ${model}, found ${record.model}`),
      ...problem('prev', wrongPrev(lying)),
      ...problem(
        'signature',
        isSigned === false ? `expected what ${record.signature.keyId} signed, found something else: the record was changed` : null,
      ),
      ...problem('', wrongPlace(lying)),
      ...problem('body', cycleBodies === null ? null : refuseOutcome(cycleBodies, record.body)),
      ...problem('key', keys.has(record.key) ? `expected "${record.key}" once, found it in record ${keys.get(record.key)} too` : null),
      ...follow(lying),
    ];
    const isAuthentic = isSigned !== false;
    if (isAuthentic) keys.set(record.key, seq);
    followCycle(record.body, isAuthentic);
    previous = { seq, digest, isAuthentic };
    return problems;
  }

  function skip(): void {
    previous = 'unknown';
    befores = [];
    cycleBodies = null;
  }

  function wrongPrev({ record }: LyingRecord): string | null {
    if (previous === 'unknown') return null;
    if (previous === 'start') return record.prev === null ? null : `expected null in the first record, found ${record.prev}`;
    if (record.prev === previous.digest || !previous.isAuthentic) return null;
    return `expected the digest of record ${previous.seq}, ${previous.digest}, found ${record.prev ?? 'null'}: one of the two is of another branch`;
  }

  function wrongPlace({ seq, record }: LyingRecord): string | null {
    const proposed = { seq, key: record.key, body: record.body, keyId: record.signature.keyId };
    const reasons = befores.map((before) => refuseRecord(before, proposed));
    return reasons.includes(null) ? null : (reasons[0] ?? null);
  }

  /** Compares `after` with what follows from before, and remembers both for the next record. */
  function follow({ seq, record }: LyingRecord): LedgerProblem[] {
    const folded = befores.flatMap((before) =>
      before === null && record.body.kind !== 'ledger-opened' ? [] : [foldLedger(before, seq, record.body)],
    );
    const differences = folded.map((state) => jsonDifference(state, record.after));
    if (folded.length === 0 || differences.includes(null)) {
      befores = [record.after];
      return [];
    }
    befores = [record.after, ...folded];
    const { path, left, right } = differences[0]!;
    return [{ seq, field: `after.${path}`, message: `expected ${inWords(left)} after this record, found ${inWords(right)}` }];
  }

  /** Where one record of a cycle is not what it was, the others cannot be held against it. */
  function followCycle(body: LedgerBody, isAuthentic: boolean): void {
    if (!isAuthentic) cycleBodies = null;
    else if (body.kind === 'cycle-started') cycleBodies = [];
    else if ('cycle' in body) cycleBodies?.push(body);
  }
}

function inWords(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
