import type { Digest } from '../domain/digest.js';
import { missingRecord } from '../domain/broken-ledger.js';
import { parseDocument } from '../domain/document.js';
import { ModelSpec } from '../domain/model-spec.js';
import { parseRecord, recordKey } from '../domain/ledger-file.js';
import { findHead, nextSeq } from '../domain/ledger-head.js';
import { findModels } from '../domain/ledger-models.js';
import type { LedgerRecord, LedgerState } from '../domain/ledger.js';
import type { ObjectStore } from '../ports/object-store.js';

/** Reads for display: signatures and chain are not checked here (`ratchet audit verify` does). */

/** Names of all models that have a ledger in this store, in order. */
export async function listModels(store: ObjectStore): Promise<string[]> {
  return findModels((prefix, options) => store.list(prefix, options));
}

/** What holds for each model; a folder without a record (what is left of a ledger, or of a copy) says nothing. @throws {RatchetError} LedgerBroken */
export async function modelsWithState(store: ObjectStore): Promise<{ model: string; after: LedgerState }[]> {
  const heads = await Promise.all((await listModels(store)).map(async (model) => ({ model, head: await readHead(store, model) })));
  return heads.flatMap(({ model, head }) => (head === null ? [] : [{ model, after: head.after }]));
}

/** Whether the model has a ledger. */
export async function isKnownModel(store: ObjectStore, model: string): Promise<boolean> {
  return (await nextSeq((prefix, options) => store.list(prefix, options), model, 0)) !== null;
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
    yield batch.map((record, index) => {
      if (record === null) throw missingRecord(model, seqs[index]!, last);
      return record;
    });
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
