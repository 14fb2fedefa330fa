import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { watchArms, type WatchRequest } from '../../src/activities/watch-arms.js';
import { keepRequestCounts } from '../../src/activities/request-counts.js';
import type { AnalysisPlan } from '../../src/domain/decide/analysis/analysis-plan.js';
import type { MetricSource } from '../../src/ports/metric-source.js';
import { createMemoryServing } from '../fakes/memory-serving.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { watchRequest } from './watch-request.js';

const plan: AnalysisPlan = {
  metrics: [{ name: 'rollout.metrics[0]', spec: { kind: 'errors', weight: 1, margin: 0.2, detect: 2 }, alpha: 0.01 }],
  isCompared: true,
  offlineScores: null,
  unit: 'request',
  errorShareMin: 0.001,
};
const split: WatchRequest['split'] = {
  splits: [
    { arm: 'challenger', instance: 'm-7', weightPercent: 50 },
    { arm: 'champion', instance: 'm-3', weightPercent: 50 },
  ],
  mirror: null,
};
const none = { latency: [], scores: [], scoreSum: 0 };

beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterAll(() => void vi.useRealTimers());

/** A source that tells of minutes, each a minute after its end. @param looksAfter seconds after the first look, at which the split was in force */
async function watch(looksAfter: readonly number[]) {
  const { serving, router, labels } = createMemoryServing();
  await router.shift({ model: 'm', shift: 1, ...split, settings: {} } as never, new AbortController().signal);
  const stopping = new AbortController();
  const beginMs = Date.parse('2026-03-01T10:00:00Z');
  vi.setSystemTime(beginMs);
  let looks = 0;
  const metrics: MetricSource = {
    async read() {
      const after = Math.floor(looksAfter[looks]! / 60) * 60 - 60;
      if (++looks === looksAfter.length) stopping.abort();
      else vi.setSystemTime(beginMs + looksAfter[looks]! * 1000);
      // A thousand requests a second each, since an hour before; the challenger fails at one in ten.
      const units = (after + 3600) * 1000;
      const challenger = { units, errors: units / 10, ...none };
      return { atMs: beginMs + after * 1000, arms: { challenger, champion: { ...challenger, errors: 0 } } };
    },
  };
  const request = watchRequest({
    step: '1-canary',
    times: { passAtMs: beginMs, endAtMs: beginMs + 6_000_000, errorSecondsMax: 60 },
    plan,
    split,
  });
  return watchArms(request, { serving, router, metrics, labels, labelPauseSeconds: null }, { signal: stopping.signal, onState: () => {} });
}

test('what a late source tells of the time before the split is not counted, however much it is', async () => {
  const { windows, analysis } = await watch([0, 60, 90, 120]);
  expect(windows.map(({ shift }) => shift)).toEqual([null, null]);
  expect(analysis).toMatchObject({ phase: 'Inconclusive', windows: 0, units: {} });
});

test('the first whole window that begins well after it is, once, however often it is looked at', async () => {
  const { windows, analysis } = await watch([0, 60, 120, 130, 140, 180, 190]);
  expect(windows.map(({ startMs, shift }) => [new Date(startMs).toISOString().slice(14, 19), shift])).toEqual([
    ['59:00', null],
    ['00:00', null],
    ['01:00', 1],
  ]);
  expect(analysis).toMatchObject({ windows: 1, units: { challenger: 60_000, champion: 60_000 } });
});

test('where the clock was set back, counting goes on from there', async () => {
  const { windows } = await watch([0, 60, 120, 180, -600, -540, -480, -420]);
  expect(windows.map(({ startMs, shift }) => [new Date(startMs).toISOString().slice(14, 19), shift])).toEqual([
    ['59:00', null],
    ['00:00', null],
    ['01:00', 1],
    ['49:00', null],
    ['50:00', null],
    ['51:00', 1],
  ]);
});

test('requests that were counted further on are not counted again by a worker that reads less', async () => {
  const store = createMemoryStore();
  let reading = { atMs: 0, units: 0 };
  const metrics = { read: async () => ({ atMs: reading.atMs, arms: { champion: { units: reading.units, errors: 0, ...none } } }) };
  const serving = { describe: async () => ({ version: '3' }) };
  const ports = { store, metrics, serving } as unknown as Parameters<typeof keepRequestCounts>[0];
  const route = { model: 'm', splits: [{ arm: 'champion' as const, instance: 'm-3', weightPercent: 100 }], mirror: null };
  const [startMs, stretchMs] = [Date.parse('2013-07-01T00:00:00Z'), 600_000];
  for (const [at, units] of [
    [9, 5000],
    [8, 4000],
    [29, 9000],
  ] as const) {
    reading = { atMs: startMs + at * 60_000, units };
    await keepRequestCounts(
      ports,
      route,
      startMs + Math.ceil(at / 10) * stretchMs + (at === 8 ? stretchMs : 0),
      new AbortController().signal,
    );
  }
  const last = JSON.parse(Buffer.from(store.files.get([...store.files.keys()].sort().at(-1)!)!).toString()) as object;
  expect(store.files.size).toBe(2);
  expect(last).toMatchObject({ restarts: 0, totals: [{ requests: 4000 }] });
});
