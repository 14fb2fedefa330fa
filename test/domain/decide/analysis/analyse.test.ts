import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addWindow, assess, beginAnalysis, beginStep } from '../../../../src/domain/decide/analysis/analyse.js';
import { SCORE_BINS } from '../../../../src/domain/latency-edges.js';
import { createTraffic, HARMLESS, STEADY } from '../../../../src/domain/decide/simulation/simulate-traffic.js';
import type { TrafficWindow } from '../../../../src/domain/traffic-window.js';
import { SIX_METRICS, counts, planOf, shares, watch, windowOf } from './windows.js';

const offlineScores = Array.from({ length: SCORE_BINS }, (_, bin) => (bin === 5 ? 1000 : 0));
const six = planOf(SIX_METRICS, { offlineScores });

const arm = fc
  .record({
    units: fc.nat(500),
    ms: fc.constantFrom(4, 8, 40, 400),
    score: fc.double({ min: 0, max: 0.99, noNaN: true }),
    share: fc.nat(4),
  })
  .map(({ units, ms, score, share }) => counts(units, { errors: Math.floor((units * share) / 4), ms, score }));
const anyWindow: fc.Arbitrary<TrafficWindow> = fc
  .record({
    index: fc.nat(1000),
    shift: fc.option(fc.nat(3), { freq: 4 }),
    mirror: fc.constantFrom(null, 'challenger' as const),
    weight: fc.integer({ min: 1, max: 99 }),
    arms: fc.record({ challenger: arm, baseline: arm, champion: arm }, { requiredKeys: [] }),
  })
  .map(({ index, shift, mirror, weight, arms }) =>
    windowOf(index, arms, { shift, mirror, weights: { challenger: weight, baseline: 100 - weight } }),
  );

test('without traffic nothing is ever successful', () => {
  const empty = [windowOf(0, {}), windowOf(1, { challenger: counts(0), baseline: counts(0) }), windowOf(2, { baseline: counts(100) })];
  const silent = fc.array(fc.constantFrom(...empty), { maxLength: 50 });
  fc.assert(
    fc.property(silent, (windows) => {
      const state = windows.reduce((known, window) => addWindow(six, known, window), beginAnalysis(six));
      expect(['Inconclusive', 'Error']).toContain(assess(six, state).phase);
    }),
  );
});

test('what failed stays failed, whatever comes after and in whichever step', () => {
  const plan = planOf([{ kind: 'errors' }]);
  const failed = watch(plan, 50, (index) => windowOf(index, { challenger: counts(100, { errors: 100 }), baseline: counts(100) }));
  expect(failed.phase).toBe('Failed');
  fc.assert(
    fc.property(fc.array(anyWindow, { maxLength: 20 }), fc.boolean(), (windows, isNewStep) => {
      const start = isNewStep ? beginStep(failed.state) : failed.state;
      const { phase, reasons } = assess(
        plan,
        windows.reduce((known, window) => addWindow(plan, known, window), start),
      );
      expect(phase).toBe('Failed');
      expect(reasons).toEqual(assess(plan, failed.state).reasons);
    }),
  );
});

test('a state that went through JSON is the same state', () => {
  fc.assert(
    fc.property(fc.array(anyWindow, { maxLength: 20 }), fc.array(anyWindow, { maxLength: 5 }), (before, after) => {
      const state = before.reduce((known, window) => addWindow(six, known, window), beginAnalysis(six));
      const read = JSON.parse(JSON.stringify(state)) as typeof state;
      expect(read).toEqual(state);
      const goOn = (start: typeof state) => after.reduce((known, window) => addWindow(six, known, window), beginStep(start));
      expect(assess(six, goOn(read))).toEqual(assess(six, goOn(state)));
    }),
  );
});

test('a window in which the split changed changes nothing', () => {
  fc.assert(
    fc.property(fc.array(anyWindow, { maxLength: 10 }), anyWindow, (windows, window) => {
      const state = windows.reduce((known, next) => addWindow(six, known, next), beginAnalysis(six));
      expect(addWindow(six, state, { ...window, shift: null })).toBe(state);
    }),
  );
});

test('every analysis says why, and its reasons are sentences about metrics or the split', () => {
  fc.assert(
    fc.property(fc.array(anyWindow, { maxLength: 10 }), (windows) => {
      const analysis = assess(
        six,
        windows.reduce((known, next) => addWindow(six, known, next), beginAnalysis(six)),
      );
      expect(analysis.reasons.length).toBeGreaterThan(0);
      expect(analysis.reasons.every((reason) => reason.length > 5)).toBe(true);
      expect(analysis.metrics).toHaveLength(six.metrics.length);
    }),
  );
});

test('the state of six metrics stays within 5 KB after 3,000 windows', () => {
  const traffic = createTraffic({ ...STEADY, requestsPerSecond: 400, outageShare: 0.1 }, HARMLESS, 5, 1);
  let state = beginAnalysis(six);
  for (let window = 0; window < 3000; window++) {
    if (window % 500 === 0) state = beginStep(state);
    state = addWindow(six, state, traffic.next(shares(window < 1500 ? 50 : 95), 1));
  }
  expect(JSON.stringify(state).length).toBeLessThanOrEqual(5000);
});

test.for<[name: string, mine: number, phase: string]>([
  ['half of the requests at 50%', 100, 'Inconclusive'],
  ['two thirds of the requests at 50%', 200, 'Error'],
  ['a tenth of the requests at 50%', 11, 'Error'],
])('%s', ([, mine, phase]) => {
  const plan = planOf([{ kind: 'mean', margin: 0.1, detect: 0.11 }]);
  const seen = watch(plan, 10, (index) => windowOf(index, { challenger: counts(mine), baseline: counts(100) }));
  const { state } = seen;
  expect(assess(plan, state).phase === 'Error').toBe(phase === 'Error');
  if (phase === 'Error') expect(assess(plan, state).reasons[0]).toContain('not divided as they are set to be');
});

test('callers who come again in every window are drawn once: 60 of 100 at 50% is no mismatch', () => {
  const plan = { ...planOf([{ kind: 'errors' }]), unit: 'key' as const };
  const { state } = watch(plan, 300, (index) => windowOf(index, { challenger: counts(60), baseline: counts(40) }));
  expect(assess(plan, state).phase).not.toBe('Error');
  const wrong = watch(plan, 3, (index) => windowOf(index, { challenger: counts(90), baseline: counts(10) }));
  expect(assess(plan, wrong.state).phase).toBe('Error');
});

test('a first champion is never successful, and fails by absolute limits alone', () => {
  const plan = planOf([{ kind: 'errors', shareMax: 0.05 }, { kind: 'latency' }], { isCompared: false });
  const alone = (errors: number) => (index: number) =>
    windowOf(index, { challenger: counts(100, { errors, ms: 400 }) }, { weights: { challenger: 100 } });
  expect(watch(plan, 200, alone(4)).phase).toBe('Inconclusive');
  const bad = watch(plan, 200, alone(6));
  expect(bad.phase).toBe('Failed');
  expect(assess(plan, bad.state).reasons[0]).toContain('beyond shareMax 0.05');
});

test('quality stays undecided while there are no labels, and so does the step', () => {
  const plan = planOf([{ kind: 'errors' }, { kind: 'quality', margin: 0.02 }]);
  const { state } = watch(plan, 300, (index) =>
    windowOf(index, { challenger: counts(200, { errors: 10 }), baseline: counts(200, { errors: 10 }) }),
  );
  const { phase, reasons, metrics } = assess(plan, state);
  expect(metrics.map((metric) => metric.phase)).toEqual(['Successful', 'Inconclusive']);
  expect([phase, reasons]).toEqual(['Inconclusive', ['quality: no labels yet']]);
});

const well = { errors: 1, ms: 8, score: 0.4 };
test.for<[name: string, metric: Parameters<typeof planOf>[0][number], bad: Partial<typeof well>]>([
  ['errors', { kind: 'errors', margin: 0.2, detect: 4 }, { errors: 20 }],
  ['latency', { kind: 'latency', margin: 0.5, detect: 4 }, { ms: 80 }],
  ['mean', { kind: 'mean', margin: 0.1, detect: 0.4 }, { score: 0.95 }],
])('harm that begins with a step is found in it, and never passed, however well the steps before went: %s', ([, metric, bad]) => {
  const plan = planOf([metric]);
  const baseline = counts(100, { ...well, errors: 3 });
  for (const before of [0, 13, 29, 40, 400]) {
    let state = beginAnalysis(plan);
    let index = 0;
    const see = (challenger: ReturnType<typeof counts>): void => {
      state = addWindow(plan, state, windowOf(index++, { challenger, baseline }));
    };
    while (index < before) see(counts(100, well));
    for (let step = 1; step <= 2; step++) state = beginStep(state);
    const phases = Array.from({ length: 60 }, () => {
      see(counts(100, { ...well, ...bad }));
      return assess(plan, state).phase;
    });
    expect([before, phases.find((phase) => phase !== 'Inconclusive')]).toEqual([before, 'Failed']);
  }
});

test('a difference as great as the named one is no success, however long nothing is proven', () => {
  const plan = planOf([{ kind: 'mean', margin: 0.1, detect: 0.2 }]);
  // As often beyond the margin as not: no vote carries the day, and the mean is what was named.
  const seen = watch(plan, 400, (index) =>
    windowOf(index, { challenger: counts(100, { score: index % 2 === 0 ? 0.99 : 0.5 }), baseline: counts(100, { score: 0.5 }) }),
  );
  expect(seen.phase).toBe('Inconclusive');
  expect(assess(plan, seen.state).reasons).toEqual([expect.stringContaining('not proven yet')]);
});

test('a service that hardly ever errs passes with a single error of the challenger', () => {
  const plan = planOf([{ kind: 'errors', margin: 0.2, detect: 4 }]);
  const seen = watch(plan, 600, (index) =>
    windowOf(index, { challenger: counts(200, { errors: index === 5 ? 1 : 0 }), baseline: counts(200) }),
  );
  expect(seen.phase).toBe('Successful');
});

test('absolute limits hear of harm that begins with a step as soon as of any', () => {
  const plan = planOf([{ kind: 'errors', shareMax: 0.05 }], { isCompared: false });
  const failsAfter = (good: number): number => {
    const well = watch(plan, good, (index) => windowOf(index, { challenger: counts(100, { errors: 1 }) }));
    return watch(plan, 200, (index) => windowOf(good + index, { challenger: counts(100, { errors: 20 }) }), beginStep(well.state)).windows;
  };
  expect(failsAfter(29) - failsAfter(0)).toBeLessThan(8);
});
