import { expect, test } from 'vitest';
import { keepRequestCounts, requestsOfWindow } from '../../src/activities/request-counts.js';
import type { Arm } from '../../src/domain/serving.js';
import { createMemoryStore } from '../fakes/memory-store.js';

const HOUR_MS = 3_600_000;
const BEGIN_MS = Date.parse('2013-07-01T00:00:00Z');
const none = { latency: [], scores: [], scoreSum: 0 };
const window = (fromHour: number, toHour: number) => ({
  start: new Date(BEGIN_MS + fromHour * HOUR_MS).toISOString(),
  end: new Date(BEGIN_MS + toHour * HOUR_MS).toISOString(),
});

/** A proxy that answers ten requests a minute, one in a hundred with an error; it is looked at each minute of these hours. */
async function countedStore(hours: readonly (readonly [from: number, to: number])[]) {
  const store = createMemoryStore();
  let nowMs = 0;
  const metrics = {
    read: async (asked: Readonly<Partial<Record<Arm, string>>>) => {
      const units = (10 * (nowMs - BEGIN_MS)) / 60_000 + 5000;
      const counts = { units, errors: Math.floor(units / 100), ...none };
      return { atMs: nowMs, arms: Object.fromEntries(Object.keys(asked).map((arm) => [arm, counts])) };
    },
  };
  const serving = {
    describe: async (name: string) => ({ name, model: 'm', version: `${name}-version`, specDigest: 'sha256:0', replicas: [] }),
  };
  const route = { model: 'm', splits: [{ arm: 'champion', instance: 'm-3', weightPercent: 100 }], mirror: null } as const;
  for (const [from, to] of hours) {
    for (nowMs = BEGIN_MS + from * HOUR_MS; nowMs < BEGIN_MS + to * HOUR_MS; nowMs += 60_000) {
      const ports = { store, metrics, serving } as unknown as Parameters<typeof keepRequestCounts>[0];
      await keepRequestCounts(ports, { ...route, splits: [...route.splits] }, nowMs, new AbortController().signal);
    }
  }
  return store;
}

test('each request belongs to one window: two hours are as many requests as both of them', async () => {
  const store = await countedStore([[0, 6]]);
  const counted = async (from: number, to: number) => (await requestsOfWindow(store, 'm', window(from, to)))!.arms[0]!;
  expect(await counted(2, 4)).toEqual({ arm: 'champion', version: 'm-3-version', requests: 1200, errors: 12 });
  expect((await counted(2, 3)).requests + (await counted(3, 4)).requests).toBe(1200);
  expect([...store.files.keys()].filter((key) => key.startsWith('requests/m/'))).toHaveLength(36);
});

test('nobody counted: nothing is known, and what lies far before is no begin', async () => {
  expect(await requestsOfWindow(createMemoryStore(), 'm', window(0, 1))).toBeNull();
  const store = await countedStore([[0, 2]]);
  expect(await requestsOfWindow(store, 'm', window(2.5, 3.5))).toBeNull();
});

test('a worker that was away knows what was asked meanwhile, and says from when on', async () => {
  const store = await countedStore([
    [0, 1],
    [3, 6],
  ]);
  expect(await requestsOfWindow(store, 'm', window(0.5, 5))).toMatchObject({ restarts: 0, arms: [{ requests: 2700 }] });
  expect(await requestsOfWindow(store, 'm', window(2, 5))).toMatchObject({ from: window(3, 5).start, arms: [{ requests: 1200 }] });
});

test('what cannot be read, as of another version, begins anew', async () => {
  const store = await countedStore([[0, 1]]);
  store.files.set('requests/m/20130701T005000Z.json', Buffer.from('{"model":"m"}'));
  expect(await requestsOfWindow(store, 'm', window(0.5, 1))).toMatchObject({ to: '2013-07-01T00:40:00.000Z' });
});
