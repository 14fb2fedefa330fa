import { expect, test, vi } from 'vitest';
import { collectJobs } from '../../../src/client/retention/collect-jobs.js';
import { createStoredLeftovers } from '../../../src/client/retention/stored-leftovers.js';
import { createMemoryStore } from '../../fakes/memory-store.js';
import { createDataStory } from './data-story.js';

const nowMs = Date.parse('2026-06-01T00:00:00Z');
const day = (text: string): string => `2026-${text}T00:00:00.000Z`;
const bytes = Buffer.from('x');
vi.setConfig({ testTimeout: 60_000 }); // ledgers are verified whole, again and again

/** Two ended cycles, of which the first is old enough; what the jobs of both left, and checkpoints of the first. */
async function story() {
  const store = createMemoryStore();
  const flights = createDataStory(store).modelNamed('flights');
  await flights.apply(day('01-01'));
  const [old, newest] = [await flights.run(day('01-02'), ['a']), await flights.run(day('05-30'), ['b'])];
  const left = (cycle: number): string[] => [
    `jobs/flights-c${cycle}-train-a1/0123456789abcdef/end.json`,
    `jobs/flights-c${cycle}-train-a1/0123456789abcdef/log`,
    `jobs/kubernetes/flights-c${cycle}-refit-a1.json`,
  ];
  const checkpoints = ['checkpoints/flights/train-1/7/weights', 'checkpoints/flights/train-1/7/whole.json'];
  for (const key of [...left(old), ...left(newest), ...checkpoints]) await store.createIfAbsent(key, bytes);
  const kept = (keys: readonly string[]) => keys.filter((key) => store.files.has(key));
  return { store, flights, places: [createStoredLeftovers(store)], old: left(old), newest: left(newest), checkpoints, kept };
}

test('says what would go, and removes it where that is asked for, and nothing else', async () => {
  const { store, places, old, newest, checkpoints, kept } = await story();
  const before = new Map(store.files);
  const told = await collectJobs(store, places, { isDeleting: false, nowMs });
  expect(told).toMatchObject({
    deleted: false,
    jobs: [expect.stringContaining('refit'), expect.stringContaining('train')],
    checkpoints: ['flights/train-1'],
  });
  expect(store.files).toEqual(before);
  expect(await collectJobs(store, places, { isDeleting: true, nowMs })).toEqual({ ...told, deleted: true });
  expect([...before.keys()].filter((key) => !store.files.has(key)).sort()).toEqual([...old, ...checkpoints].sort());
  expect(kept(newest)).toEqual(newest);
  expect(await collectJobs(store, places, { isDeleting: true, nowMs })).toMatchObject({ jobs: [], checkpoints: [] });
});

test('killed after any removal, a second run removes the rest and nothing more', async () => {
  for (let removals = 0; removals < 5; removals += 2) {
    const { store, places, old, newest, checkpoints, kept } = await story();
    const removeKey = store.removeKey.bind(store);
    let left = removals;
    store.removeKey = async (key) => {
      if (left-- <= 0) throw new Error('killed');
      await removeKey(key);
    };
    await expect(collectJobs(store, places, { isDeleting: true, nowMs })).rejects.toThrow('killed');
    expect(kept(newest)).toEqual(newest);
    store.removeKey = removeKey;
    await collectJobs(store, places, { isDeleting: true, nowMs });
    expect([kept(old), kept(checkpoints), kept(newest)]).toEqual([[], [], newest]);
  }
});

test('a cycle that starts in the middle keeps its model’s checkpoints', async () => {
  const { store, flights, places, checkpoints, kept } = await story();
  const [stored] = places;
  const listed = stored!.checkpoints.bind(stored);
  let isFirst = true;
  const place = {
    ...stored!,
    async checkpoints() {
      const found = await listed();
      if (isFirst) await flights.start(day('05-31'));
      isFirst = false;
      return found;
    },
  };
  await collectJobs(store, [place], { isDeleting: true, nowMs });
  expect(kept(checkpoints)).toEqual(checkpoints);
});

test('a ledger that does not hold lets nothing go', async () => {
  const { store, places, old, kept } = await story();
  for (const key of store.files.keys()) if (key.startsWith('ledger/')) store.files.set(key, Buffer.from('{}'));
  await expect(collectJobs(store, places, { isDeleting: true, nowMs })).rejects.toMatchObject({ type: 'LedgerBroken' });
  expect(kept(old)).toEqual(old);
});
