import type { Digest } from '../domain/digest.js';
import { parseDocument } from '../domain/document.js';
import { ModelSpec } from '../domain/model-spec.js';
import { parseRecord, recordKey } from '../domain/ledger-file.js';
import { findHead } from '../domain/ledger-head.js';
import type { LedgerRecord } from '../domain/ledger.js';
import type { ObjectStore } from '../ports/object-store.js';

/** Reads for display: signatures and chain are not checked here (`ratchet audit verify` does). */

/** Names of all models that have a ledger in this store, in order. */
export async function listModels(store: ObjectStore): Promise<string[]> {
  const models: string[] = [];
  for (let startAfter = ''; ;) {
    const [key] = await store.list('ledger/', { limit: 1, ...(startAfter ? { startAfter } : {}) });
    const model = key?.split('/')[1];
    if (model === undefined) return models;
    models.push(model);
    startAfter = `ledger/${model}/~`; // after every digit: one question a model, however long its ledger
  }
}

/** Whether the model has a ledger. */
export async function isKnownModel(store: ObjectStore, model: string): Promise<boolean> {
  return (await store.list(`ledger/${model}/`, { limit: 1 })).length > 0;
}

/** The newest record; null for a model without a ledger. @throws {RatchetError} LedgerBroken */
export async function readHead(store: ObjectStore, model: string): Promise<LedgerRecord | null> {
  const seq = await findHead((prefix, options) => store.list(prefix, options), model);
  return seq === 0 ? null : readRecord(store, model, seq);
}

/** All records in order. @throws {RatchetError} LedgerBroken */
export async function readRecords(store: ObjectStore, model: string): Promise<LedgerRecord[]> {
  const records: LedgerRecord[] = [];
  for await (const batch of recordBatches(store, model)) records.push(...batch);
  return records;
}

/** The records after a place, in order, some at a time: a long ledger need not be held as a whole. @throws {RatchetError} LedgerBroken */
export async function* recordBatches(store: ObjectStore, model: string, after = 0): AsyncGenerator<LedgerRecord[]> {
  const last = await findHead((prefix, options) => store.list(prefix, options), model, after);
  for (let first = after + 1; first <= last; first += 64) {
    const seqs = Array.from({ length: Math.min(64, last - first + 1) }, (_, index) => first + index);
    const batch = await Promise.all(seqs.map((seq) => readRecord(store, model, seq)));
    yield batch.filter((record) => record !== null);
  }
}

/** null: there is none at this place. @throws {RatchetError} LedgerBroken */
export async function readRecord(store: ObjectStore, model: string, seq: number): Promise<LedgerRecord | null> {
  const key = recordKey(model, seq);
  const bytes = await store.get(key);
  return bytes === null ? null : parseRecord(key, bytes).record;
}

/** A spec out of the store. @throws {RatchetError} EvidenceMissing, EvidenceCorrupt */
export async function readSpec(store: ObjectStore, digest: Digest): Promise<ModelSpec> {
  return parseDocument(ModelSpec, 'spec', digest, await store.getByDigest(digest));
}
