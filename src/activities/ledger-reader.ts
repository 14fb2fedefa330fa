import type { KeyObject } from 'node:crypto';
import { brokenLedger, missingRecord } from '../domain/broken-ledger.js';
import { refuseSuccessor } from '../domain/decide/refuse-successor.js';
import { digestOfBytes, type Digest } from '../domain/digest.js';
import { RatchetError } from '../domain/failure.js';
import { parseRecord, recordKey, signedBytes, type FiledRecord } from '../domain/ledger-file.js';
import { findHead } from '../domain/ledger-head.js';
import { isSignedBy, keyIdOf, parsePublicKey, publicKeyKey } from '../domain/public-key.js';
import type { ObjectStore } from '../ports/object-store.js';

/** So many records are read at a time: a slow store is asked in parallel, a fast one is not flooded. */
const PARALLEL_READS = 32;

/** Where more came than this since the last look, the newest two are held against each other, as at the first one. */
const NEW_MAX = 1000;

/** What was seen of a ledger last. */
interface Memory {
  readonly head: FiledRecord;
  /** Of the first record's file, which tells this ledger from another one under the same name; null: it is missing. */
  readonly first: Digest | null;
}

export interface LedgerReader {
  /**
   * The newest record, read now; null for a model without a ledger. All that came since the last look is held against what was
   * the head then; at the first look, the newest two against each other.
   * @throws {RatchetError} LedgerBroken: also where a head that was seen is gone
   */
  head(model: string): Promise<FiledRecord | null>;
  /** Records `from` to `to`, both included, in order, chained, signatures checked; shorter where the ledger ends. @throws {RatchetError} LedgerBroken */
  range(model: string, from: number, to: number): Promise<FiledRecord[]>;
  /** As `range`, up to this head, which is not read again; none of them may be missing. */
  upTo(head: FiledRecord, from: number): Promise<FiledRecord[]>;
  /** The records of a cycle, from its first to its `cycle-ended` or to this head, however many others lie between. @throws {RatchetError} LedgerBroken */
  cycle(head: FiledRecord, cycle: number): AsyncGenerator<FiledRecord>;
  /** A public key that was published in the store. @throws {RatchetError} LedgerBroken */
  publicKey(keyId: string): Promise<KeyObject>;
}

/** Reads ledgers. Remembers each model's head, so that the next look costs two requests and no end is cut off unseen. */
export function createLedgerReader(store: ObjectStore): LedgerReader {
  const memories = new Map<string, Memory>();
  const publicKeys = new Map<string, KeyObject>();
  return { head, range, upTo, cycle, publicKey };

  async function head(model: string): Promise<FiledRecord | null> {
    const memory = memories.get(model);
    const known = memory?.head.record.seq;
    const seq = await findHead((prefix, options) => store.list(prefix, options), model, known);
    if (seq === 0) return null;
    const isNear = known !== undefined && seq - known <= NEW_MAX;
    const start = isNear ? Math.min(known + 1, seq) : Math.max(1, seq - 1);
    const [newest, first] = await Promise.all([range(model, start, seq), memory === undefined ? fileOfFirst(model) : memory.first]);
    const filed = newest.at(-1);
    if (filed?.record.seq !== seq && seq !== known) throw missingRecord(model, start + newest.length, seq);
    const after = isNear || known === undefined ? newest : await range(model, known, known);
    const problem = memory === undefined ? null : refuseNewest(memory.head, after[0]);
    if (problem === null) {
      memories.set(model, { head: filed!, first });
      return filed!;
    }
    if ((await fileOfFirst(model)) === first) throw problem;
    // Another store stands under the same name. Look again from the start.
    memories.delete(model);
    return head(model);
  }

  async function fileOfFirst(model: string): Promise<Digest | null> {
    const bytes = await store.get(recordKey(model, 1));
    return bytes === null ? null : digestOfBytes(bytes);
  }

  async function range(model: string, from: number, to: number): Promise<FiledRecord[]> {
    const records: FiledRecord[] = [];
    for (let start = Math.max(1, from); start <= to; start += PARALLEL_READS) {
      const seqs = Array.from({ length: Math.min(PARALLEL_READS, to - start + 1) }, (_, i) => start + i);
      for (const filed of await Promise.all(seqs.map((seq) => readSigned(model, seq)))) {
        if (filed === null) return records;
        checkFollowing(records.at(-1), filed);
        records.push(filed);
      }
    }
    return records;
  }

  async function upTo(head: FiledRecord, from: number): Promise<FiledRecord[]> {
    const { model, seq } = head.record;
    if (from > seq) return [];
    const before = await range(model, from, seq - 1);
    const found = Math.max(1, from) + before.length;
    if (found < seq) throw missingRecord(model, found, seq);
    checkFollowing(before.at(-1), head);
    return [...before, head];
  }

  async function* cycle({ record: { model, seq: last } }: FiledRecord, cycle: number): AsyncGenerator<FiledRecord> {
    for (let from = Math.max(1, cycle); from <= last; from += PARALLEL_READS) {
      const to = Math.min(last, from + PARALLEL_READS - 1);
      const records = await range(model, from, to);
      for (const filed of records) {
        const { seq, body } = filed.record;
        if (seq === cycle || ('cycle' in body && body.cycle === cycle)) yield filed;
        const isOver = body.kind === 'cycle-ended' && body.cycle === cycle;
        if (isOver || (seq === cycle && body.kind !== 'cycle-started')) return; // no cycle has that number: there is no end to look for
      }
      if (from + records.length <= to) throw missingRecord(model, from + records.length, last);
    }
  }

  async function read(model: string, seq: number): Promise<FiledRecord | null> {
    const key = recordKey(model, seq);
    const bytes = await store.get(key);
    if (bytes === null) return null;
    const filed = parseRecord(key, bytes);
    if (filed.record.model === model && filed.record.seq === seq) return filed;
    throw new RatchetError(
      'LedgerBroken',
      `${key}: expected record ${seq} of ${model}, found record ${filed.record.seq} of ${filed.record.model}`,
    );
  }

  /** Each by itself: one alone has no neighbour that would show a change, and a cycle is judged by its first record. */
  async function readSigned(model: string, seq: number): Promise<FiledRecord | null> {
    const filed = await read(model, seq);
    if (filed !== null) await checkSignature(filed);
    return filed;
  }

  async function checkSignature({ record, digest }: FiledRecord): Promise<void> {
    const key = recordKey(record.model, record.seq);
    const { keyId, ed25519 } = record.signature;
    if (!record.after.keyIds.includes(keyId))
      throw brokenLedger(record.model, `${key}: expected a signature by a key that the ledger admits, found ${keyId}`);
    if (await isSignedBy(await publicKey(keyId), signedBytes(digest), ed25519)) return;
    throw brokenLedger(record.model, `${key}: expected the signature of ${keyId} over ${digest}, found another: the record was changed`);
  }

  async function publicKey(keyId: string): Promise<KeyObject> {
    const cached = publicKeys.get(keyId);
    if (cached !== undefined) return cached;
    const name = publicKeyKey(keyId);
    const pem = await store.get(name);
    if (pem === null) throw new RatchetError('LedgerBroken', `${name}: expected the public key that signed the ledger, found nothing`);
    const key = parsePublicKey(name, Buffer.from(pem).toString('utf8'));
    if (keyIdOf(key) !== keyId) throw new RatchetError('LedgerBroken', `${name}: expected the key ${keyId}, found ${keyIdOf(key)}`);
    publicKeys.set(keyId, key);
    return key;
  }
}

function checkFollowing(before: FiledRecord | undefined, filed: FiledRecord): void {
  const problem = before === undefined ? null : refuseFollowing(before, filed);
  if (problem !== null) throw problem;
}

function refuseFollowing(before: FiledRecord, filed: FiledRecord): RatchetError | null {
  const problem = refuseSuccessor(before, filed);
  if (problem === null) return null;
  const { model, seq } = filed.record;
  const field = problem.field === '' ? '' : `, field ${problem.field}`;
  return brokenLedger(model, `${recordKey(model, seq)}${field}: ${problem.message}`);
}

/** Why what is read now does not go on from the head that was seen; null where it is that record again, or one that follows it. */
function refuseNewest(head: FiledRecord, newest: FiledRecord | undefined): RatchetError | null {
  const { model, seq } = head.record;
  if (newest?.record.seq === seq + 1) return refuseFollowing(head, newest);
  if (newest?.digest === head.digest) return null;
  const found = newest === undefined ? 'nothing: the end of the ledger was cut off' : `${newest.digest}: it was written anew`;
  const after = '. After a wanted restore of an older copy, restart the worker';
  return brokenLedger(model, `${recordKey(model, seq)}: expected the record that was there, ${head.digest}, found ${found}`, after);
}
