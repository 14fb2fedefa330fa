import { describe, expect, test } from 'vitest';
import { createLedger } from '../../src/activities/ledger.js';
import { verifyLedger } from '../../src/client/audit/verify-ledger.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import type { MemoryStore } from '../fakes/memory-store.js';
import { append, model, owner, runCycle, setUp } from './ledger-in-test.js';
import { approved, AT, cycleEnded, cycleStarted, judged, paused, promoted } from './sample-bodies.js';

describe('append', () => {
  test('opens the ledger with its first record and publishes the key', async () => {
    const { store, signer, ledger } = setUp();
    expect(await append(ledger, 'p1', paused())).toMatchObject({ seq: 2, adopted: false, after: { paused: true, owner } });
    expect((await ledger.readRecords(model)).map(({ seq, key }) => [seq, key])).toEqual([
      [1, 'flights/ledger-opened'],
      [2, 'p1/paused'],
    ]);
    expect(store.files.has(`keys/${signer.keyId}.pem`)).toBe(true);
  });

  test('a whole cycle leaves its version as champion', async () => {
    const { ledger } = setUp();
    const cycle = await runCycle(ledger, 't1');
    expect((await ledger.readState(model))?.state).toMatchObject({ generation: 1, openCycle: null, comparisons: 0, champion: { cycle } });
  });

  test('an append reads the head once, and of its cycle every record once', async () => {
    const { store, ledger } = setUp();
    await append(ledger, 'p1', paused());
    let before = store.requests.get;
    await append(ledger, 'p2', paused());
    expect(store.requests.get - before).toBe(1);
    const { seq } = await append(ledger, 't1', cycleStarted('t1'));
    await append(ledger, `${seq}`, judged(seq));
    await append(ledger, `${seq}`, approved(seq));
    before = store.requests.get;
    await append(ledger, `${seq}`, promoted(seq));
    expect(store.requests.get - before).toBe(3);
  });

  test('adopts what an earlier try left, whatever its time says', async () => {
    const { ledger } = setUp();
    const first = await append(ledger, 'p1', paused());
    await append(ledger, 'r1', { kind: 'resumed', requestedBy: 'ana', reason: '' });
    expect(await append(ledger, 'p1', paused(), {}, '2027-01-01T00:00:00.000Z')).toEqual({ ...first, adopted: true });
  });

  test('adopts a wish whose text was cut in the middle of a character, in its body or its key', async () => {
    const { store, ledger } = setUp();
    const body = paused('a cut \ud83d');
    expect(await append(ledger, 'p1', body)).toMatchObject({ seq: 2, adopted: false });
    expect(await append(ledger, 'p1', body)).toMatchObject({ seq: 2, adopted: true });
    expect(await append(ledger, 't\ud83d', cycleStarted('t\ud83d'))).toMatchObject({ seq: 3, adopted: false });
    expect(await append(ledger, 't\ud83d', cycleStarted('t\ud83d'))).toMatchObject({ seq: 3, adopted: true });
    expect((await verifyLedger(store, model)).problems).toEqual([]);
  });

  test('refuses the same key with another body and shows both', async () => {
    const { ledger } = setUp();
    await append(ledger, 'p1', paused('a holiday'));
    const again = append(ledger, 'p1', paused('a strike'));
    await expect(again).rejects.toMatchObject({ type: 'LedgerConflict', detail: expect.stringMatching(/a holiday[^]*a strike/) });
    await expect(again).rejects.toThrow('record 2 has this key and another reason');
  });

  test('adopts the end of a cycle a thousand records later', { timeout: 30_000 }, async () => {
    const { store, signer, ledger } = setUp();
    const cycle = await runCycle(ledger, 't1');
    for (let i = 0; i < 1100; i++) await append(ledger, `p${i}`, paused());
    const monthLater = createLedger({ store, signer, owner });
    expect(await append(monthLater, `${cycle}`, cycleEnded(cycle), { openCycle: cycle })).toMatchObject({ adopted: true, seq: cycle + 4 });
  });

  test('adopts the start of an open cycle, and refuses the trigger once the cycle is over', async () => {
    const { ledger } = setUp();
    const { seq } = await append(ledger, 't1', cycleStarted('t1'), { openCycle: null });
    expect(await append(ledger, 't1', cycleStarted('t1'), { openCycle: null })).toMatchObject({ seq, adopted: true });
    await append(ledger, `${seq}`, cycleEnded(seq, { outcome: 'failed' }));
    await expect(append(ledger, 't1', cycleStarted('t1'), { openCycle: null })).rejects.toThrow(
      'already had its cycle 2, which is over: failed',
    );
  });
});

describe('a writer that dies', () => {
  /** The store of a process whose n-th creation never answers, before or after it was done. */
  function dying(store: MemoryStore, creation: number, when: 'before' | 'after'): ObjectStore {
    let creations = 0;
    return {
      ...store,
      createIfAbsent: async (key, bytes) => {
        const isLast = ++creations === creation;
        if (isLast && when === 'before') throw new Error('killed');
        const isOurs = await store.createIfAbsent(key, bytes);
        if (isLast) throw new Error('killed');
        return isOurs;
      },
    };
  }

  test.for<[creation: number, when: 'before' | 'after', adopted: boolean]>([
    [1, 'before', false], // the public key
    [1, 'after', false],
    [2, 'before', false], // ledger-opened
    [2, 'after', false],
    [3, 'before', false], // the record
    [3, 'after', true],
  ])('at creation %i, %s it was done, is asked again in a month', async ([creation, when, adopted]) => {
    const { store, signer, ledger } = setUp();
    const doomed = createLedger({ store: dying(store, creation, when), signer, owner });
    await expect(append(doomed, 't1', cycleStarted('t1'), { openCycle: null })).rejects.toThrow('killed');
    const month = '2026-04-01T12:00:00.000Z';
    expect(await append(ledger, 't1', cycleStarted('t1'), { openCycle: null }, month)).toMatchObject({ seq: 2, adopted });
    expect((await verifyLedger(store, model)).problems).toEqual([]);
  });
});

describe('what an append expects', () => {
  test('is held against the head, after it was looked for', async () => {
    const { ledger } = setUp();
    const cycle = await runCycle(ledger, 't1');
    const late = append(ledger, 'x', paused(), { generation: 0 });
    await expect(late).rejects.toMatchObject({
      type: 'ChampionChanged',
      message: expect.stringContaining('expected generation 0, found 1'),
    });
    // Its own effect does not stand in the way of asking again.
    expect(await append(ledger, `${cycle}`, promoted(cycle), { generation: 0, openCycle: cycle })).toMatchObject({ adopted: true });
  });

  test('opens no ledger for a record that would be refused', async () => {
    const { store, ledger } = setUp();
    await expect(append(ledger, '5', judged(5), { openCycle: 5 })).rejects.toMatchObject({ type: 'LedgerConflict' });
    await expect(append(ledger, '5', judged(5))).rejects.toMatchObject({ type: 'LedgerConflict' });
    expect(store.files.size).toBe(0);
  });

  test('lets no cycle be promoted past its verdict', async () => {
    const { ledger } = setUp();
    const { seq } = await append(ledger, 't1', cycleStarted('t1'));
    await expect(append(ledger, `${seq}`, promoted(seq))).rejects.toThrow('expected a judged record of cycle 2');
    await append(ledger, `${seq}`, judged(seq, { next: 'askPerson' }));
    await expect(append(ledger, `${seq}`, promoted(seq))).rejects.toThrow('expected an approval of cycle 2');
  });

  test.for<[name: string, request: Record<string, unknown>, message: string]>([
    ['a model that is no name', { model: '../flights' }, 'field model'],
    ['a time that is none', { at: 'yesterday' }, 'field at'],
    ['a body with an unknown field', { body: { ...paused(), colour: 'red' } }, 'field body'],
    ['a body of an unknown kind', { body: { kind: 'renamed' } }, 'field body.kind'],
    ['no key', { key: '' }, 'field key'],
  ])('is never asked for %s', async ([, change, message]) => {
    const { store, ledger } = setUp();
    const request = { model, key: 'p1/paused', body: paused(), expects: {}, at: AT, ...change } as never;
    await expect(ledger.append(request)).rejects.toMatchObject({ type: 'InputInvalid', message: expect.stringContaining(message) });
    expect(store.files.size).toBe(0);
  });
});

describe('owners and keys', () => {
  test('another cluster is refused by name and told how to take over', async () => {
    const { store, ledger } = setUp();
    await append(ledger, 'p1', paused());
    const stranger = createLedger({ store, signer: createMemorySigner(), owner: 'cloud/default' });
    await expect(append(stranger, 'p1', paused())).rejects.toMatchObject({
      type: 'OwnerConflict',
      message: 'ledger of flights: expected the owner cloud/default, found local/default',
      remedy: expect.stringContaining('ratchet adopt flights'),
    });
  });

  test('after a take-over the new owner writes, and the old one is refused', async () => {
    const { store, ledger } = setUp();
    await append(ledger, 'p1', paused());
    const heir = createLedger({ store, signer: createMemorySigner(), owner: 'cloud/default' });
    const wish = { model, from: owner, requestedBy: 'bo', reason: 'moved', requestId: 'a1', at: AT };
    expect(await heir.adopt(wish)).toMatchObject({ seq: 3, adopted: false, after: { owner: 'cloud/default' } });
    expect(await heir.adopt(wish)).toMatchObject({ seq: 3, adopted: true });
    expect(await append(heir, 'p2', paused())).toMatchObject({ seq: 4 });
    await expect(append(ledger, 'p3', paused())).rejects.toMatchObject({ type: 'OwnerConflict' });
    expect((await verifyLedger(store, model)).problems).toEqual([]);
  });

  test('of two who take over at once, the second learns of the first', async () => {
    const { store, ledger } = setUp();
    await append(ledger, 'p1', paused());
    const heirs = ['b/default', 'c/default'].map((name) => createLedger({ store, signer: createMemorySigner(), owner: name }));
    const wishes = heirs.map((heir, i) => heir.adopt({ model, from: owner, requestedBy: 'bo', reason: '', requestId: `a${i}`, at: AT }));
    const outcomes = await Promise.allSettled(wishes);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { type: 'OwnerConflict' } });
  });

  test('the same owner with a new key is refused until the old key vouches for it', async () => {
    const { store, ledger } = setUp();
    await append(ledger, 'p1', paused());
    const signer = createMemorySigner();
    const second = createLedger({ store, signer, owner });
    await expect(append(second, 'p2', paused())).rejects.toMatchObject({
      type: 'OwnerConflict',
      message: expect.stringContaining(signer.keyId),
    });
    await ledger.addKey({ model, publicKeyPem: signer.publicKeyPem, requestedBy: 'ana', at: AT });
    expect(await append(second, 'p2', paused())).toMatchObject({ seq: 4 });
  });

  test('a key that nobody published is not admitted', async () => {
    const { ledger } = setUp();
    const { keyId } = createMemorySigner();
    const admit = append(ledger, keyId, { kind: 'key-added', keyId, requestedBy: 'ana' });
    await expect(admit).rejects.toMatchObject({ type: 'LedgerBroken', message: expect.stringContaining(`keys/${keyId}.pem`) });
  });
});
