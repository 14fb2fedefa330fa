import { describe, expect, test } from 'vitest';
import { createLedger, type LedgerHead } from '../../src/activities/ledger.js';
import { verifyLedger } from '../../src/client/audit/verify-ledger.js';
import { recordBytes, recordDigest, recordKey, signedBytes } from '../../src/domain/ledger-file.js';
import { publicKeyKey } from '../../src/domain/public-key.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import type { MemoryStore } from '../fakes/memory-store.js';
import { append, model, owner, runCycle, setUp } from './ledger-in-test.js';
import { AT, cycleEnded, cycleStarted, judged, paused, promoted, version } from './sample-bodies.js';

describe('reading', () => {
  test('a model without a ledger has no state and no records', async () => {
    const { ledger } = setUp();
    expect(await ledger.readState(model)).toBeNull();
    expect(await ledger.readRecords(model)).toEqual([]);
  });

  test('what is asked for from a record on ends where one is missing, or at the head', async () => {
    const { store, ledger } = setUp();
    for (const key of ['p1', 'p2', 'p3']) await append(ledger, key, paused());
    expect(await ledger.readRecords(model, { from: 5 })).toEqual([]);
    store.files.delete(recordKey(model, 3));
    expect((await ledger.readRecords(model)).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(await ledger.readRecords(model, { from: 3 })).toEqual([]);
  });

  test('a record that is missing below the head lets nothing be appended that asks for it', async () => {
    const { store, signer, ledger } = setUp();
    const { seq } = await append(ledger, 't1', cycleStarted('t1'));
    await append(ledger, 'p1', paused());
    await append(ledger, `${seq}`, judged(seq));
    store.files.delete(recordKey(model, seq + 1));
    const other = createLedger({ store, signer, owner }); // one that remembers nothing
    await expect(append(other, `${seq}`, cycleEnded(seq))).rejects.toMatchObject({ type: 'LedgerBroken' });
    await expect(append(ledger, `${seq}`, promoted(seq))).rejects.toMatchObject({
      type: 'LedgerBroken',
      message: expect.stringContaining(recordKey(model, seq + 1)),
    });
  });

  test('two models in one store do not mix, not even where one name begins the other', async () => {
    const { store, ledger } = setUp();
    await append(ledger, 'p1', paused());
    await ledger.append({ model: 'flights-2', key: 't1/cycle-started', body: cycleStarted('t1'), expects: {}, at: AT });
    expect((await ledger.readState(model))?.state).toMatchObject({ paused: true, openCycle: null });
    expect((await ledger.readState('flights-2'))?.state).toMatchObject({ paused: false, openCycle: 2 });
    expect((await verifyLedger(store, model)).records).toBe(2);
  });

  test.for<[name: string, bytes: (head: string) => string, message: string]>([
    ['corrupt JSON', (head) => head.slice(0, -10), 'expected JSON'],
    ['a field that is gone', (head) => head.replace('"paused":true', '"waiting":true'), 'field after.paused'],
    ['a changed state', (head) => head.replace('"generation":0', '"generation":7'), 'the record was changed'],
    ['another number', (head) => head.replace('"seq":2', '"seq":3'), 'expected record 2 of flights, found record 3'],
  ])('a head with %s is never built upon', async ([, change, message]) => {
    const { store, ledger } = setUp();
    await append(ledger, 'p1', paused());
    const key = recordKey(model, 2);
    store.files.set(key, Buffer.from(change(Buffer.from(store.files.get(key)!).toString('utf8'))));
    await expect(append(ledger, 'p2', paused())).rejects.toMatchObject({ type: 'LedgerBroken', message: expect.stringContaining(message) });
    await expect(ledger.readState(model)).rejects.toMatchObject({ type: 'LedgerBroken' });
  });

  test('an older record that was changed is not read, though it is the only one that is asked for', async () => {
    const { store, ledger } = setUp();
    await append(ledger, 't1', cycleStarted('t1'));
    await append(ledger, 'p1', paused());
    const key = recordKey(model, 2);
    store.files.set(key, Buffer.from(Buffer.from(store.files.get(key)!).toString('utf8').replace('"comparisons":0', '"comparisons":9')));
    await expect(ledger.readRecords(model, { from: 2, to: 2 })).rejects.toMatchObject({
      type: 'LedgerBroken',
      message: expect.stringContaining('the record was changed'),
    });
  });

  test('a record after which the state could not be read back is refused', async () => {
    const { ledger } = setUp();
    const tried = {
      kind: 'backtested',
      policyDigest: `sha256:${'a'.repeat(64)}`,
      comparisons: Number.MAX_SAFE_INTEGER,
      requestedBy: 'ana',
    } as const;
    await append(ledger, 'b1', tried);
    await expect(append(ledger, 'b2', tried)).rejects.toMatchObject({
      type: 'InputInvalid',
      message: expect.stringContaining('after.comparisons'),
    });
    expect(await append(ledger, 'p1', paused())).toMatchObject({ seq: 3 });
  });

  test('notices that another store stands under the same name', async () => {
    const { store, ledger } = setUp();
    await runCycle(ledger, 't1');
    store.files.clear();
    expect(await append(ledger, 'p1', paused())).toMatchObject({ seq: 2 });
    expect((await verifyLedger(store, model)).problems).toEqual([]);
  });

  /** Lays a promotion by a key that the ledger never admitted, and that admits itself, after the head. */
  async function forgePromotion(store: MemoryStore, { seq, digest, state }: LedgerHead): Promise<void> {
    const stranger = createMemorySigner();
    store.files.set(publicKeyKey(stranger.keyId), Buffer.from(stranger.publicKeyPem));
    const body = promoted(2, { version: version(2, 'forged') });
    const after = { ...state, generation: 2, champion: body.version, keyIds: [...state.keyIds, stranger.keyId] };
    const record = { v: 1 as const, model, seq: seq + 1, prev: digest, key: '2/promoted', at: AT, body, after };
    const ed25519 = await stranger.sign(signedBytes(recordDigest(record)));
    store.files.set(recordKey(model, seq + 1), recordBytes({ ...record, signature: { keyId: stranger.keyId, ed25519 } }));
  }

  test('a head that is signed by a key which it admits itself is never built upon, whoever reads it', async () => {
    const { store, signer, ledger } = setUp();
    await runCycle(ledger, 't1');
    const head = (await ledger.readState(model))!;
    await forgePromotion(store, head);
    for (const reading of [ledger, createLedger({ store, signer, owner })]) {
      const refused = {
        type: 'LedgerBroken',
        message: expect.stringContaining(recordKey(model, head.seq + 1)),
        remedy: expect.stringContaining('ratchet audit verify flights'),
      };
      await expect(reading.readState(model)).rejects.toMatchObject(refused);
      await expect(append(reading, 'p1', paused())).rejects.toMatchObject(refused);
    }
  });

  test('a worker holds all that others wrote since its last look against what it saw', async () => {
    const { store, signer, ledger } = setUp();
    const other = createLedger({ store, signer, owner });
    await append(ledger, 'p1', paused());
    await ledger.readState(model);
    for (let i = 2; i < 40; i++) await append(other, `p${i}`, paused());
    for (const seq of [3, 20]) {
      const kept = store.files.get(recordKey(model, seq))!;
      store.files.delete(recordKey(model, seq));
      await expect(ledger.readState(model)).rejects.toMatchObject({
        type: 'LedgerBroken',
        message: `${recordKey(model, seq)}: expected the record, as 40 is there, found nothing`,
      });
      store.files.set(recordKey(model, seq), kept);
    }
    expect(await ledger.readState(model)).toMatchObject({ seq: 40 });
  });

  test('one that was away for long reads the newest records only, and still looks for what it saw', { timeout: 30_000 }, async () => {
    const { store, signer, ledger } = setUp();
    const other = createLedger({ store, signer, owner });
    await append(ledger, 'p1', paused());
    await ledger.readState(model);
    for (let i = 2; i < 1010; i++) await append(other, `p${i}`, paused());
    const { get } = store.requests;
    const kept = store.files.get(recordKey(model, 2))!;
    store.files.delete(recordKey(model, 2));
    await expect(ledger.readState(model)).rejects.toThrow('expected the record that was there');
    store.files.set(recordKey(model, 2), kept);
    expect(await ledger.readState(model)).toMatchObject({ seq: 1010 });
    expect(store.requests.get - get).toBeLessThanOrEqual(10);
  });

  test('a head that was seen and is gone is no end: nothing is read or written until it is back', async () => {
    const { store, signer, ledger } = setUp();
    await runCycle(ledger, 't1');
    const { seq } = (await ledger.readState(model))!;
    const kept = store.files.get(recordKey(model, seq))!;
    store.files.delete(recordKey(model, seq));
    const refused = {
      type: 'LedgerBroken',
      message: expect.stringMatching(/000000000006\.json: expected the record that was there, sha256:.*found nothing/),
      remedy: expect.stringContaining('After a wanted restore of an older copy, restart the worker'),
    };
    await expect(ledger.readState(model)).rejects.toMatchObject(refused);
    await expect(append(ledger, 'p1', paused())).rejects.toMatchObject(refused);
    expect(await append(createLedger({ store, signer, owner }), 'p2', paused())).toMatchObject({ seq });
    await expect(ledger.readState(model)).rejects.toThrow('it was written anew');
    store.files.set(recordKey(model, seq), kept);
    expect(await ledger.readState(model)).toMatchObject({ seq });
  });

  test('an append to a long ledger asks the store a handful of times', { timeout: 30_000 }, async () => {
    const { store, ledger } = setUp();
    for (let i = 0; i < 300; i++) await append(ledger, `p${i}`, paused());
    const before = { ...store.requests };
    await append(ledger, 'p300', paused());
    expect(store.requests.list - before.list).toBe(1);
    expect(store.requests.get - before.get).toBeLessThanOrEqual(2);
  });
});
