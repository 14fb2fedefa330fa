import { foldLedger } from '../domain/decide/fold-ledger.js';
import { jsonDifference } from '../domain/decide/json-difference.js';
import { refuseExpectation, refuseOwner } from '../domain/decide/refuse-append.js';
import { refuseOutcome, RULED_BY_CYCLE } from '../domain/decide/refuse-outcome.js';
import { refuseRecord } from '../domain/decide/refuse-record.js';
import { wellFormed } from '../domain/digest.js';
import { RatchetError } from '../domain/failure.js';
import { recordBytes, recordDigest, recordKey, signedBytes, type FiledRecord, type UnsignedRecord } from '../domain/ledger-file.js';
import { LedgerState, type Appended, type LedgerBody } from '../domain/ledger.js';
import { LedgerWish, type AppendRequest } from '../domain/ledger-wish.js';
import { keyIdOf, parsePublicKey, publicKeyKey } from '../domain/public-key.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { Signer } from '../ports/signer.js';
import { bodyConflict, cycleOver, ownerConflict, refused, strangeKey } from './ledger-conflict.js';
import type { LedgerKeys } from './ledger-keys.js';
import type { LedgerReader } from './ledger-reader.js';

/** So often another writer may be first before we say that the store is too busy. */
const TRIES_MAX = 50;

export interface LedgerAppendDependencies {
  readonly store: ObjectStore;
  readonly signer: Signer;
  readonly owner: string;
  readonly reader: LedgerReader;
  readonly keys: LedgerKeys;
}

/** Writes records by the ledger's protocol; see `Ledger.append`. */
export function createLedgerAppend({ store, signer, owner, reader, keys }: LedgerAppendDependencies) {
  return { append, publishKey };

  async function append({ expects, ...request }: AppendRequest): Promise<Appended> {
    const wish = { ...parseRequest(request), expects };
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const head = await reader.head(wish.model);
      if (head === null) {
        await open(wish);
        continue;
      }
      const appended = (await adopt(head, wish)) ?? (await put(head, wish));
      if (appended !== null) return appended;
    }
    throw new RatchetError(
      'StoreUnavailable',
      `ledger of ${wish.model}: expected a free place after ${TRIES_MAX} tries, found another writer first each time`,
    );
  }

  /** The record that an earlier try of this very wish left; null where there is none. */
  async function adopt(head: FiledRecord, wish: AppendRequest): Promise<Appended | null> {
    const state = head.record.after;
    const stranger = refuseOwner(state, owner, wish.body);
    if (stranger !== null) throw ownerConflict(wish.model, state, stranger);
    const found = await keys.find(wish.model, head, wish.key, 'cycle' in wish.body ? wish.body.cycle : null);
    if (found === null) return null;
    const difference = jsonDifference(found.record.body, wish.body);
    if (difference !== null) throw bodyConflict(found, wish, difference.path);
    if (wish.body.kind === 'cycle-started' && state.openCycle !== found.record.seq)
      throw cycleOver(found, wish, await outcomeOf(head, found.record.seq));
    return { seq: found.record.seq, digest: found.digest, adopted: true, after: found.record.after };
  }

  /** Puts the record after the head; null where another writer was first. */
  async function put(head: FiledRecord, wish: AppendRequest): Promise<Appended | null> {
    const state = head.record.after;
    const unexpected = refuseExpectation(state, wish.expects);
    if (unexpected !== null) throw refused(wish, unexpected.reason, unexpected.type);
    const seq = head.record.seq + 1;
    if (wish.body.kind !== 'owner-changed' && !state.keyIds.includes(signer.keyId)) throw strangeKey(wish.model, state, signer.keyId);
    const reason = refuseRecord(state, { seq, key: wish.key, body: wish.body, keyId: signer.keyId }) ?? (await refuseByCycle(head, wish));
    if (reason !== null) throw refused(wish, reason, 'LedgerConflict');
    if (wish.body.kind === 'owner-changed') await publishKey(signer.publicKeyPem);
    if (wish.body.kind === 'key-added') await reader.publicKey(wish.body.keyId);
    return write({ ...toRecord(wish, seq, foldLedger(state, seq, wish.body)), prev: head.digest });
  }

  async function refuseByCycle(head: FiledRecord, { body }: AppendRequest): Promise<string | null> {
    if (!RULED_BY_CYCLE.has(body.kind) || !('cycle' in body)) return null;
    const records = await reader.upTo(head, body.cycle);
    return refuseOutcome(
      records.map(({ record }) => record.body).filter((earlier) => 'cycle' in earlier && earlier.cycle === body.cycle),
      body,
    );
  }

  /** Writes record 1, unless what it is opened for would be refused anyway or another writer is first. */
  async function open(wish: AppendRequest): Promise<void> {
    const body: LedgerBody = { kind: 'ledger-opened', model: wish.model, owner, keyId: signer.keyId };
    const after = foldLedger(null, 1, body);
    const unexpected = refuseExpectation(after, wish.expects);
    if (unexpected !== null) throw refused(wish, unexpected.reason, unexpected.type);
    const reason = refuseRecord(after, { seq: 2, key: wish.key, body: wish.body, keyId: signer.keyId });
    if (reason !== null) throw refused(wish, reason, 'LedgerConflict');
    await publishKey(signer.publicKeyPem);
    await write({ ...toRecord({ ...wish, key: `${wish.model}/ledger-opened`, body }, 1, after), prev: null });
  }

  async function write(unsigned: UnsignedRecord): Promise<Appended | null> {
    refuseUnreadable(unsigned);
    const digest = recordDigest(unsigned);
    const ed25519 = await signer.sign(signedBytes(digest));
    const bytes = recordBytes({ ...unsigned, signature: { keyId: signer.keyId, ed25519 } });
    const isOurs = await store.createIfAbsent(recordKey(unsigned.model, unsigned.seq), bytes);
    return isOurs ? { seq: unsigned.seq, digest, adopted: false, after: unsigned.after } : null;
  }

  /** Lays a public key into the store, where every reader of the ledger finds it. @throws {RatchetError} LedgerBroken */
  async function publishKey(pem: string): Promise<string> {
    const keyId = keyIdOf(parsePublicKey('the key to publish', pem));
    const isNew = await store.createIfAbsent(publicKeyKey(keyId), Buffer.from(pem, 'utf8'));
    if (!isNew) await reader.publicKey(keyId);
    return keyId;
  }

  /** How the cycle that this trigger already had came out; null in a ledger that does not say. */
  async function outcomeOf(head: FiledRecord, cycle: number): Promise<string | null> {
    const ended = await keys.find(head.record.model, head, `${cycle}/cycle-ended`, cycle);
    return ended?.record.body.kind === 'cycle-ended' ? ended.record.body.outcome : null;
  }
}

function toRecord({ model, key, body, at }: LedgerWish, seq: number, after: LedgerState): Omit<UnsignedRecord, 'prev'> {
  return { v: 1, model, seq, key, at, body, assurance: 'claimed', after };
}

function parseRequest(request: LedgerWish): LedgerWish {
  const parsed = LedgerWish.safeParse(request);
  if (parsed.success) return wellFormed(parsed.data); // asked again, it is compared with what was stored
  const issue = parsed.error.issues[0];
  throw new RatchetError(
    'InputInvalid',
    `record ${request.key} for the ledger of ${request.model}, field ${issue?.path.join('.')}: ${issue?.message}`,
  );
}

/** A record that nobody could read back would end the ledger for good: it can neither be changed nor taken away. */
function refuseUnreadable({ model, key, after }: UnsignedRecord): void {
  const parsed = LedgerState.safeParse(after);
  if (parsed.success) return;
  const issue = parsed.error.issues[0];
  throw new RatchetError(
    'InputInvalid',
    `record ${key} for the ledger of ${model}, field after.${issue?.path.join('.')}: ${issue?.message}`,
  );
}
