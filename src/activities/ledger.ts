import type { Appended, LedgerRecord, LedgerState } from '../domain/ledger.js';
import type { Digest } from '../domain/digest.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { Signer } from '../ports/signer.js';
import { createLedgerAppend } from './ledger-append.js';
import type { AppendRequest } from '../domain/ledger-wish.js';
import { createLedgerKeys } from './ledger-keys.js';
import { createLedgerReader } from './ledger-reader.js';

/** The head of a ledger: what holds now, and where it is written. */
export interface LedgerHead {
  readonly seq: number;
  readonly digest: Digest;
  readonly state: LedgerState;
}

/** A person's wish to take a model over: another cluster, or the same one with a new key. */
export interface AdoptRequest {
  readonly model: string;
  /** The owner that the person saw; refused where it is another by now. */
  readonly from: string;
  readonly requestedBy: string;
  readonly reason: string;
  /** Names this wish: asked twice, it is adopted, not repeated. */
  readonly requestId: string;
  /** ISO 8601. */
  readonly at: string;
}

export interface AddKeyRequest {
  readonly model: string;
  /** SPKI, PEM. */
  readonly publicKeyPem: string;
  readonly requestedBy: string;
  readonly at: string;
}

/** The ledgers in one store, written as one owner with one key. */
export interface Ledger {
  /**
   * Appends one record, or finds the one that an earlier try left. Safe to repeat at any time, by any writer:
   * - A record with the same key and body is adopted; `at` and the signature are not compared. A record of a cycle is found
   *   however old it is. One that belongs to no cycle (trigger, pause, spec) is found among the last 1,000 records and back to
   *   the open cycle's first: beyond that, the caller's own memory of keys is what counts.
   * - `cycle-started` is adopted while its cycle is open. Once that is over, the same trigger is refused: a cycle runs once.
   * - `expects` is held against the head at which the record is put, so nothing slips in between.
   * - The first append opens the ledger and publishes the signer's public key.
   *
   * @throws {RatchetError} LedgerConflict: the key stands there with another body (both in `detail`), the head is not what was
   *   expected, or the record may not follow it. ChampionChanged: another generation. OwnerConflict: another cluster or key
   *   owns it. LedgerBroken: what was read does not hold. InputInvalid: no record can be made of it. StoreUnavailable.
   */
  append(request: AppendRequest): Promise<Appended>;
  /** Takes a model over: from here on only this owner, with this key, writes. @throws {RatchetError} as `append` */
  adopt(request: AdoptRequest): Promise<Appended>;
  /** Admits another key, vouched for by ours. @throws {RatchetError} as `append` */
  addKey(request: AddKeyRequest): Promise<Appended>;
  /** null for a model without a ledger. @throws {RatchetError} LedgerBroken */
  readState(model: string): Promise<LedgerHead | null>;
  /** Records in order; `from` and `to` are included, absent: from the first, to the last. @throws {RatchetError} LedgerBroken */
  readRecords(model: string, range?: { from?: number; to?: number }): Promise<LedgerRecord[]>;
  /** The records of a cycle alone, in order, from its first to its last or, while it is open, the newest. @throws {RatchetError} LedgerBroken */
  readCycle(model: string, cycle: number): Promise<LedgerRecord[]>;
}

export interface LedgerDependencies {
  readonly store: ObjectStore;
  readonly signer: Signer;
  /** Cluster and namespace: whose workflows write. */
  readonly owner: string;
}

/** Makes the ledger over a store. Holds nothing but hints: any number of processes may write the same ledgers. */
export function createLedger({ store, signer, owner }: LedgerDependencies): Ledger {
  const reader = createLedgerReader(store);
  const { append, publishKey } = createLedgerAppend({ store, signer, owner, reader, keys: createLedgerKeys(reader) });
  return { append, adopt, addKey, readState, readRecords, readCycle };

  async function adopt({ model, from, requestedBy, reason, requestId, at }: AdoptRequest): Promise<Appended> {
    const body = { kind: 'owner-changed', from, owner, keyId: signer.keyId, requestedBy, reason } as const;
    return append({ model, key: `${requestId}/owner-changed`, body, expects: {}, at });
  }

  async function addKey({ model, publicKeyPem, requestedBy, at }: AddKeyRequest): Promise<Appended> {
    const keyId = await publishKey(publicKeyPem);
    return append({ model, key: `${keyId}/key-added`, body: { kind: 'key-added', keyId, requestedBy }, expects: {}, at });
  }

  async function readState(model: string): Promise<LedgerHead | null> {
    const head = await reader.head(model);
    return head === null ? null : { seq: head.record.seq, digest: head.digest, state: head.record.after };
  }

  async function readRecords(model: string, { from = 1, to }: { from?: number; to?: number } = {}): Promise<LedgerRecord[]> {
    const last = to ?? (await reader.head(model))?.record.seq ?? 0;
    return (await reader.range(model, from, last)).map(({ record }) => record);
  }

  async function readCycle(model: string, cycle: number): Promise<LedgerRecord[]> {
    const head = await reader.head(model);
    const records: LedgerRecord[] = [];
    if (head !== null) for await (const { record } of reader.cycle(head, cycle)) records.push(record);
    return records;
  }
}
