import { RatchetError } from '../domain/failure.js';
import type { FiledRecord } from '../domain/ledger-file.js';
import type { LedgerReader } from './ledger-reader.js';

/** So far back the ledger knows a wish again that belongs to no cycle (a trigger, a pause, a spec). */
export const KNOWN_RECORDS = 1000;
const MODELS_MAX = 256;

/** Which keys lie in the part of a ledger that was read: records never change, so this is only ever added to. */
interface KeyIndex {
  low: number;
  lowPrev: string | null;
  high: number;
  highDigest: string;
  readonly seqs: Map<string, number>;
}

/** Finds a record by its key. */
export interface LedgerKeys {
  /**
   * The record with this key, or null.
   * @param cycle the cycle that the record belongs to: then the search is exact, however long ago (its records lie between its
   *   first and its `cycle-ended`). null: it belongs to none; the search goes back to the open cycle's first record and over
   *   at least the last 1,000 records.
   */
  find(model: string, head: FiledRecord, key: string, cycle: number | null): Promise<FiledRecord | null>;
}

export function createLedgerKeys(reader: LedgerReader): LedgerKeys {
  const indexes = new Map<string, KeyIndex>();
  return { find };

  async function find(model: string, head: FiledRecord, key: string, cycle: number | null): Promise<FiledRecord | null> {
    const { seq, after } = head.record;
    const recent = Math.max(1, seq - KNOWN_RECORDS + 1);
    if (cycle !== null && cycle < recent) return scanCycle(head, cycle, key);
    const index = await extend(model, head, cycle ?? Math.min(recent, after.openCycle ?? recent));
    const found = index.seqs.get(key);
    return found === undefined ? null : ((await reader.range(model, found, found))[0] ?? null);
  }

  /** A cycle of long ago: from its first record to its last. */
  async function scanCycle(head: FiledRecord, cycle: number, key: string): Promise<FiledRecord | null> {
    for await (const filed of reader.cycle(head, cycle)) if (filed.record.key === key) return filed;
    return null;
  }

  /** The index of at least the records `from` to the head. */
  async function extend(model: string, head: FiledRecord, from: number): Promise<KeyIndex> {
    const { seq } = head.record;
    const index = usable(indexes.get(model), head) ?? startIndex(head);
    if (seq > index.high) {
      const newer = await reader.upTo(head, index.high + 1);
      if (newer[0]?.record.prev !== index.highDigest) {
        // Another store stands under the same name.
        indexes.delete(model);
        return extend(model, head, from);
      }
      addKeys(index, newer);
      index.high = seq;
      index.highDigest = head.digest;
    }
    if (from < index.low) {
      const older = await reader.range(model, from, index.low - 1);
      if (older.length !== index.low - from || older.at(-1)?.digest !== index.lowPrev) {
        throw new RatchetError(
          'LedgerBroken',
          `ledger of ${model}: expected records ${from} to ${index.low - 1} in one chain, found ${older.length} of them`,
          {
            remedy: 'run `ratchet audit verify`',
          },
        );
      }
      addKeys(index, older);
      index.low = from;
      index.lowPrev = older[0]?.record.prev ?? null;
    }
    remember(model, index);
    return index;
  }

  /** Keeps the models that were used last, and no index that has grown far beyond what is asked. */
  function remember(model: string, index: KeyIndex): void {
    indexes.delete(model);
    if (index.seqs.size <= 4 * KNOWN_RECORDS) indexes.set(model, index);
    const oldest = indexes.keys().next();
    if (indexes.size > MODELS_MAX && oldest.done !== true) indexes.delete(oldest.value);
  }
}

function usable(index: KeyIndex | undefined, head: FiledRecord): KeyIndex | undefined {
  if (index === undefined || index.high < head.record.seq) return index;
  return index.high === head.record.seq && index.highDigest === head.digest ? index : undefined;
}

function startIndex({ record, digest }: FiledRecord): KeyIndex {
  return { low: record.seq, lowPrev: record.prev, high: record.seq, highDigest: digest, seqs: new Map([[record.key, record.seq]]) };
}

function addKeys(index: KeyIndex, records: readonly FiledRecord[]): void {
  for (const { record } of records) index.seqs.set(record.key, record.seq);
}
