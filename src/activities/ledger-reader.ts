import type { KeyObject } from 'node:crypto';
import { RatchetError } from '../domain/failure.js';
import { parseRecord, recordKey, signedBytes, type FiledRecord } from '../domain/ledger-file.js';
import { findHead } from '../domain/ledger-head.js';
import { isSignedBy, keyIdOf, parsePublicKey, publicKeyKey } from '../domain/public-key.js';
import type { ObjectStore } from '../ports/object-store.js';

/** So many records are read at a time: a slow store is asked in parallel, a fast one is not flooded. */
const PARALLEL_READS = 32;

export interface LedgerReader {
  /** The newest record, read now, its signature checked; null for a model without a ledger. @throws {RatchetError} LedgerBroken */
  head(model: string): Promise<FiledRecord | null>;
  /** Records `from` to `to`, both included, in order, chained, signatures checked; shorter where the ledger ends. @throws {RatchetError} LedgerBroken */
  range(model: string, from: number, to: number): Promise<FiledRecord[]>;
  /** As `range`, up to this head, which is not read again; none of them may be missing. */
  upTo(head: FiledRecord, from: number): Promise<FiledRecord[]>;
  /** A public key that was published in the store. @throws {RatchetError} LedgerBroken */
  publicKey(keyId: string): Promise<KeyObject>;
}

/** Reads ledgers. Remembers where each model's head was, so that the next look costs two requests. */
export function createLedgerReader(store: ObjectStore): LedgerReader {
  const heads = new Map<string, number>();
  const publicKeys = new Map<string, KeyObject>();
  return { head, range, upTo, publicKey };

  async function head(model: string): Promise<FiledRecord | null> {
    const known = heads.get(model) ?? 0;
    const seq = await findHead((prefix, options) => store.list(prefix, options), model, known);
    if (seq === 0) return null;
    const filed = await readSigned(model, seq);
    if (filed === null) {
      heads.delete(model);
      // What we remembered is gone: another store stands under the same name. Look again from the start.
      if (seq === known) return head(model);
      throw new RatchetError('LedgerBroken', `${recordKey(model, seq)}: expected the record that was just listed, found nothing`);
    }
    heads.set(model, seq);
    return filed;
  }

  async function range(model: string, from: number, to: number): Promise<FiledRecord[]> {
    const records: FiledRecord[] = [];
    for (let start = Math.max(1, from); start <= to; start += PARALLEL_READS) {
      const seqs = Array.from({ length: Math.min(PARALLEL_READS, to - start + 1) }, (_, i) => start + i);
      for (const filed of await Promise.all(seqs.map((seq) => readSigned(model, seq)))) {
        if (filed === null) return records;
        checkChain(records.at(-1), filed);
        records.push(filed);
      }
    }
    return records;
  }

  async function upTo(head: FiledRecord, from: number): Promise<FiledRecord[]> {
    const { model, seq } = head.record;
    if (from > seq) return [];
    const before = await range(model, from, seq - 1);
    const missing = Math.max(1, from) + before.length;
    if (missing < seq)
      throw new RatchetError('LedgerBroken', `${recordKey(model, missing)}: expected the record, as ${seq} is there, found nothing`, {
        remedy: 'run `ratchet audit verify`; restore this file from a copy, nothing else may be changed',
      });
    checkChain(before.at(-1), head);
    return [...before, head];
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
    if (!record.after.keyIds.includes(keyId)) {
      throw new RatchetError('LedgerBroken', `${key}: expected a signature by a key that the ledger admits, found ${keyId}`);
    }
    if (await isSignedBy(await publicKey(keyId), signedBytes(digest), ed25519)) return;
    throw new RatchetError(
      'LedgerBroken',
      `${key}: expected the signature of ${keyId} over ${digest}, found another: the record was changed`,
      {
        remedy: 'run `ratchet audit verify`; restore this file from a copy, nothing else may be changed',
      },
    );
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

function checkChain(before: FiledRecord | undefined, { record }: FiledRecord): void {
  if (before === undefined || record.prev === before.digest) return;
  throw new RatchetError(
    'LedgerBroken',
    `${recordKey(record.model, record.seq)}: expected prev ${before.digest}, found ${record.prev ?? 'null'}: record ${before.record.seq} or this one was changed`,
    { remedy: 'run `ratchet audit verify`' },
  );
}
