import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLedger } from '../../src/activities/ledger.js';
import { verifyLedger } from '../../src/client/audit/verify-ledger.js';
import { RatchetError } from '../../src/domain/failure.js';
import type { Appended, LedgerBody } from '../../src/domain/ledger.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { AT, cycleStarted, paused } from './sample-bodies.js';

const model = 'flights';
const signer = createMemorySigner();

type Fault = 'none' | 'dies before the put' | 'loses the reply';

/** Every request waits for its turn, which the scheduler deals; creations fail as told. */
function unreliable(store: ObjectStore, scheduler: fc.Scheduler, faults: readonly Fault[]): ObjectStore {
  let creations = 0;
  const turn = <T>(name: string, request: () => Promise<T>): Promise<T> => scheduler.schedule(Promise.resolve(), name).then(request);
  return {
    ...store,
    get: (key) => turn('get', () => store.get(key)),
    list: (prefix, options) => turn('list', () => store.list(prefix, options)),
    createIfAbsent: (key, bytes) =>
      turn('create', async () => {
        const fault = faults[creations++] ?? 'none';
        if (fault === 'dies before the put') throw new RatchetError('StoreUnavailable', 'no route to the store');
        const isOurs = await store.createIfAbsent(key, bytes);
        if (fault === 'loses the reply') throw new RatchetError('StoreUnavailable', 'the reply was lost');
        return isOurs;
      }),
  };
}

const wish = fc.oneof(
  fc.constantFrom('p1', 'p2', 'p3', 'p4').map((key): [string, LedgerBody] => [key, paused(`pause ${key}`)]),
  fc.constantFrom('t1', 't2').map((key): [string, LedgerBody] => [key, cycleStarted(key)]),
);
const writers = fc.array(fc.array(wish, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 4 });
const faults = fc.array(fc.constantFrom<Fault>('none', 'none', 'dies before the put', 'loses the reply'), { maxLength: 12 });

test('any interleaving of racing writers with lost replies leaves one chain with each key once', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), writers, faults, async (scheduler, wishesOfWriters, dealtFaults) => {
      const store = createMemoryStore();
      const results: [key: string, appended: Appended][] = [];
      const racing = wishesOfWriters.map(async (wishes) => {
        // Each writer is a process of its own: it shares nothing but the store.
        const ledger = createLedger({ store: unreliable(store, scheduler, dealtFaults), signer, owner: 'local/default' });
        for (const [name, body] of wishes) {
          const appended = await askUntilAnswered(() => ledger.append({ model, key: `${name}/${body.kind}`, body, expects: {}, at: AT }));
          if (appended !== null) results.push([`${name}/${body.kind}`, appended]);
        }
      });
      await scheduler.waitFor(Promise.all(racing));

      const { problems, records } = await verifyLedger(store, model);
      expect(problems).toEqual([]);
      const chain = await createLedger({ store, signer, owner: 'local/default' }).readRecords(model);
      expect(new Set(chain.map(({ key }) => key)).size).toBe(records);
      for (const [key, { seq }] of results) expect(chain[seq - 1]?.key).toBe(key);
      // Every wish that was answered is there; of two triggers one at least is refused while the other's cycle is open.
      expect(chain.filter(({ body }) => body.kind === 'cycle-started').length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 150 },
  );
});

/** As a workflow does: asks again after what may pass, gives up on a conflict. */
async function askUntilAnswered(ask: () => Promise<Appended>): Promise<Appended | null> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof RatchetError)) throw error;
      if (error.type === 'LedgerConflict') return null;
      if (error.type !== 'StoreUnavailable') throw error;
    }
  }
}
