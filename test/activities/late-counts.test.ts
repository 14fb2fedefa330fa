import { expect, test } from 'vitest';
import { watchArms, type WatchRequest } from '../../src/activities/watch-arms.js';
import { keepRequestCounts } from '../../src/activities/request-counts.js';
import type { AnalysisPlan } from '../../src/domain/decide/analysis/analysis-plan.js';
import type { MetricSource } from '../../src/ports/metric-source.js';
import { createMemoryServing } from '../fakes/memory-serving.js';
import { createMemoryStore } from '../fakes/memory-store.js';

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

/** A source that is late: what it tells of each look, in seconds from the begin of the watch on. */
async function watch(toldAfter: readonly number[]) {
  const { serving, router, labels } = createMemoryServing();
  await router.shift({ model: 'm', shift: 1, ...split, settings: {} } as never, new AbortController().signal);
  const stopping = new AbortController();
  const beginMs = Date.now();
  let looks = 0;
  const metrics: MetricSource = {
    async read() {
      const after = toldAfter[looks++]!;
      if (looks === toldAfter.length) setTimeout(() => stopping.abort());
      // A thousand requests a second each, since an hour before; the challenger fails at one in ten.
      const units = (after + 3600) * 1000;
      const challenger = { units, errors: units / 10, ...none };
      return { atMs: beginMs + 1000 + after * 1000, arms: { challenger, champion: { ...challenger, errors: 0 } } };
    },
  };
  const request: WatchRequest = {
    model: 'm',
    cycle: 7,
    step: '1-canary',
    mode: 'step',
    times: { passAtMs: beginMs, endAtMs: beginMs + 600_000, errorSecondsMax: 60 },
    windowSeconds: 0.001,
    plan,
    unit: 'request',
    state: null,
    isNewStep: true,
    instances: { challenger: 'm-7', champion: 'm-3', baseline: null },
    split,
    shift: 1,
    previous: null,
  };
  return watchArms(request, { serving, router, metrics, labels, labelPauseSeconds: null }, { signal: stopping.signal, onState: () => {} });
}

test('what a late source tells of the time before the split is not counted, however much it is', async () => {
  const { windows, analysis } = await watch([-180, -120, -60, 0]);
  expect(windows.map(({ shift }) => shift)).toEqual([null, null, null]);
  expect(analysis).toMatchObject({ phase: 'Inconclusive', windows: 0, units: {} });
});

test('the first whole window after it is, once, however often it is looked at', async () => {
  const { windows, analysis } = await watch([-60, 0, 0, 0, 60, 60, 0]);
  expect(windows.map(({ shift }) => shift)).toEqual([null, 1]);
  expect(analysis).toMatchObject({ windows: 1, units: { challenger: 60_000, champion: 60_000 } });
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
