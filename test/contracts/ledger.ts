import { describe, expect, test } from 'vitest';
import { createLedger, type Ledger } from '../../src/activities/ledger.js';
import { verifyLedger } from '../../src/client/audit/verify-ledger.js';
import type { Appended, LedgerBody } from '../../src/domain/ledger.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { approved, AT, cycleEnded, cycleStarted, judged, paused, promoted } from '../ledger/sample-bodies.js';

const model = 'flights';
const owner = 'local/default';

/**
 * What the ledger promises on every real object store.
 * @param newStore an empty store, each time another
 */
export function describeLedger(name: string, newStore: () => Promise<ObjectStore>): void {
  describe(`ledger on ${name}`, () => {
    test('eight writers at once make one chain with every wish in it once', async () => {
      const store = await newStore();
      const signer = createMemorySigner();
      const writers = Array.from({ length: 8 }, () => createLedger({ store, signer, owner }));
      // Every wish is asked by two writers, as after a lost reply.
      const wishes = writers.flatMap((_, i) => [append(writers[i]!, `p${i}`, paused()), append(writers[(i + 1) % 8]!, `p${i}`, paused())]);
      const appended = await Promise.all(wishes);
      expect(new Set(appended.map(({ seq }) => seq)).size).toBe(8);
      expect(appended.filter(({ adopted }) => adopted).length).toBe(8);
      expect(await verifyLedger(store, model)).toMatchObject({ records: 9, problems: [] });
    });

    test('a whole cycle, asked again from its first record to its last by a new process, changes nothing', async () => {
      const store = await newStore();
      const signer = createMemorySigner();
      const bodies = [judged(2, { next: 'askPerson' }), approved(2), promoted(2)];
      const first = createLedger({ store, signer, owner });
      await append(first, 't1', cycleStarted('t1'));
      for (const body of bodies) await append(first, '2', body);
      const second = createLedger({ store, signer, owner });
      expect(await append(second, 't1', cycleStarted('t1'))).toMatchObject({ seq: 2, adopted: true });
      for (const body of bodies) expect(await append(second, '2', body)).toMatchObject({ adopted: true });
      expect(await append(second, '2', cycleEnded(2))).toMatchObject({ seq: 6, adopted: false });
      expect((await first.readState(model))?.state).toMatchObject({ generation: 1, openCycle: null });
      expect(await verifyLedger(store, model)).toMatchObject({ records: 6, problems: [] });
    });

    test('reads any part of a ledger that is longer than what is read at once', async () => {
      const store = await newStore();
      const ledger = createLedger({ store, signer: createMemorySigner(), owner });
      for (let i = 2; i <= 70; i++) await append(ledger, `p${i}`, paused());
      const seqs = async (range: object) => (await ledger.readRecords(model, range)).map(({ seq }) => seq);
      expect(await seqs({})).toEqual(Array.from({ length: 70 }, (_, i) => i + 1));
      expect(await seqs({ from: 68, to: 90 })).toEqual([68, 69, 70]);
      expect(await seqs({ from: 33, to: 33 })).toEqual([33]);
      expect(await verifyLedger(store, model)).toMatchObject({ records: 70, problems: [] });
    });
  });
}

function append(ledger: Ledger, key: string, body: LedgerBody): Promise<Appended> {
  return ledger.append({ model, key: `${key}/${body.kind}`, body, expects: {}, at: AT });
}
