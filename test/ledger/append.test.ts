import { describe, expect, test } from 'vitest';
import { createLedger, type Ledger } from '../../src/activities/ledger.js';
import type { LedgerBody, LedgerExpects } from '../../src/domain/ledger.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.js';
import { approved, AT, cycleEnded, cycleStarted, judged, paused, promoted } from './sample-bodies.js';

const model = 'flights';
const owner = 'local/default';

function setUp(store: MemoryStore = createMemoryStore()) {
  const signer = createMemorySigner();
  return { store, signer, ledger: createLedger({ store, signer, owner }) };
}

function append(ledger: Ledger, key: string, body: LedgerBody, expects: LedgerExpects = {}, at = AT) {
  return ledger.append({ model, key: `${key}/${body.kind}`, body, expects, at });
}

/** One whole cycle; its number. */
async function runCycle(ledger: Ledger, trigger: string): Promise<number> {
  const { seq } = await append(ledger, trigger, cycleStarted(trigger), { openCycle: null });
  await append(ledger, `${seq}`, judged(seq), { openCycle: seq });
  await append(ledger, `${seq}`, approved(seq), { openCycle: seq });
  await append(ledger, `${seq}`, promoted(seq), { openCycle: seq });
  await append(ledger, `${seq}`, cycleEnded(seq), { openCycle: seq });
  return seq;
}

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

  test('adopts what an earlier try left, whatever its time says', async () => {
    const { ledger } = setUp();
    const first = await append(ledger, 'p1', paused());
    await append(ledger, 'r1', { kind: 'resumed', requestedBy: 'ana', reason: '' });
    expect(await append(ledger, 'p1', paused(), {}, '2027-01-01T00:00:00.000Z')).toEqual({ ...first, adopted: true });
  });

  test('refuses the same key with another body and shows both', async () => {
    const { ledger } = setUp();
    await append(ledger, 'p1', paused('a holiday'));
    const again = append(ledger, 'p1', paused('a strike'));
    await expect(again).rejects.toMatchObject({ type: 'LedgerConflict', detail: expect.stringMatching(/a holiday[^]*a strike/) });
    await expect(again).rejects.toThrow('record 2 has this key and another reason');
  });

  test('adopts the end of a cycle a thousand records later', async () => {
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
