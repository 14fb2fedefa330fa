import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addLabels, assess, beginAnalysis, beginStep } from '../../../../src/domain/decide/analysis/analyse.js';
import { CALLER_GROUPS, daysNeeded } from '../../../../src/domain/decide/analysis/days.js';
import { foldWatch } from '../../../../src/domain/decide/analysis/fold-watch.js';
import { randomOf } from '../../../../src/domain/decide/analysis/thin.js';
import { DAY_MS, kpiDay, labelledPlan, pairedDay, readDaily, withTraffic } from './labelled.js';
import { counts, planOf, watch, windowOf } from './windows.js';

const quality = labelledPlan([{ kind: 'quality', margin: 0.01, detect: 0.1 }]);
const kpi = labelledPlan([{ kind: 'kpi', name: 'revenue', min: 0, max: 100, direction: 'down', margin: 1, detect: 5 }]);
const MIRRORED = { mirror: 'challenger', weights: { champion: 100 } } as const;
const each = (days: number, difference: (day: number) => number) =>
  Array.from({ length: days }, (_, day) => pairedDay(day, difference(day)));

test('a challenger whose loss is greater day after day fails, after as many mature days as the evidence takes', () => {
  const days = each(20, () => 0.2);
  const needed = Array.from({ length: 20 }, (_, index) => assess(quality, readDaily(quality, days, index + 1)).phase).indexOf('Failed');
  const { phase, reasons } = assess(quality, readDaily(quality, days, 20));
  expect([phase, reasons]).toEqual([
    'Failed',
    [expect.stringMatching(/^quality: logLoss differs by 0\.200 over \d+ days, more than 0\.01$/)],
  ]);
  expect(needed).toBeGreaterThanOrEqual(6); // a day at most doubles the money, and the last two days are not mature
  expect(needed).toBeLessThanOrEqual(12);
});

test('one that is no worse passes once its regression would have been found, and not before ten days', () => {
  const days = each(14, (day) => (day % 2 === 0 ? 0.002 : -0.002));
  const before = assess(quality, readDaily(quality, days, 11));
  expect(before).toMatchObject({ phase: 'Inconclusive', reasons: ['quality: 10 of 11 mature days that it takes'] });
  expect(assess(quality, readDaily(quality, days, 14))).toMatchObject({
    phase: 'Successful',
    reasons: [expect.stringMatching(/^quality: no difference ≥ 0\.1 found: logLoss differs by \S+ over 13 days$/)],
  });
});

test('without labels nothing passes, however long it runs, and why they cannot be read is told', () => {
  const none = Array.from({ length: 40 }, (_, day) => pairedDay(day, null, { labelled: 0 }));
  expect(assess(quality, readDaily(quality, none, 40))).toMatchObject({ phase: 'Inconclusive', reasons: ['quality: no labels yet'] });
  const troubled = addLabels(quality, withTraffic(quality), { asOfMs: DAY_MS, days: [], trouble: 'the store is away' });
  expect(assess(quality, troubled).reasons).toEqual(['quality: no labels could be read: the store is away']);
});

test('days whose labels our own output let exist do not vote, unless the spec says why they are good enough', () => {
  const own = Array.from({ length: 20 }, (_, day) => ({ ...pairedDay(day, 0.2), ownDecision: 1 }));
  expect(assess(quality, readDaily(quality, own, 20)).reasons).toEqual([
    'quality: 20 days have labels that exist only because our own output decided so, and data.label.acceptSelectiveLabels gives no reason why they are good enough',
  ]);
  const accepting = { ...quality, labels: { ...quality.labels!, acceptsSelective: true } };
  expect(assess(accepting, readDaily(accepting, own, 20)).phase).toBe('Failed');
  // One such day among others is left out; the others decide.
  const one = each(20, () => 0.2).map((day, index) => (index === 3 ? { ...day, ownDecision: 900 } : day));
  const state = readDaily(quality, one, 20);
  expect(assess(quality, state).phase).toBe('Failed');
  expect(state.metrics[0]!.days!.voted.map(([day]) => day)).not.toContain('1970-01-04');
});

test.for<[name: string, day: ReturnType<typeof pairedDay>]>([
  ['labels came for too few', pairedDay(3, 0.5, { labelled: 300 })],
  ['labels came for fewer than on the days before', pairedDay(3, 0.5, { labelled: 600 })],
  ['only few rows have labels, though the others are censored', pairedDay(3, 0.5, { labelled: 10, censored: 900 })],
])('a day does not vote where %s', ([, odd]) => {
  const days = [pairedDay(0, 0.1), pairedDay(1, 0.1), pairedDay(2, 0.1), odd];
  expect(readDaily(quality, days, 9).metrics[0]!.days!.voted.map(([day]) => day)).toEqual(['1970-01-01', '1970-01-02', '1970-01-03']);
});

test('a day votes once: what labels say of it weeks later does not change its vote', () => {
  const first = readDaily(
    quality,
    each(5, () => -0.1),
    9,
  );
  const late = Array.from({ length: 5 }, (_, day) => pairedDay(day, 0.9, { labelled: 1000 }));
  const { metrics } = addLabels(quality, first, { asOfMs: 30 * DAY_MS, days: late, trouble: null });
  expect(metrics).toEqual(first.metrics);
});

test('days whose labels come late vote when they come, in whatever order', () => {
  const days = each(12, () => 0.2);
  const missing = pairedDay(4, null, { labelled: 0 });
  const waiting = readDaily(quality, [...days.slice(0, 4), missing, ...days.slice(5)], 14);
  expect(waiting.metrics[0]!.days!.voted).toHaveLength(11);
  expect(waiting.labels!.sinceMs).toBe(4 * DAY_MS); // it is asked for again
  const { metrics, labels } = addLabels(quality, waiting, { asOfMs: 20 * DAY_MS, days: days.slice(4), trouble: null });
  expect(metrics[0]!.days!.voted.map(([day]) => day).at(-1)).toBe('1970-01-05');
  expect(labels!.sinceMs).toBe(12 * DAY_MS);
});

test('days whose labels never come are not waited for for ever', () => {
  const lost = Array.from({ length: 50 }, (_, day) => pairedDay(day, null, { labelled: 0 }));
  expect(readDaily(quality, lost, 50).labels!.sinceMs).toBe(21 * DAY_MS);
});

test('what the days said is kept over steps, and a harmful shadow still turns the canary back when its labels come', () => {
  const days = each(12, () => 0.2);
  const shadow = readDaily(quality, days, 4);
  const canary = withTraffic(quality, { mirror: null, shift: 2, atMs: 4 * DAY_MS }, beginStep(shadow));
  expect(canary.metrics[0]!.days).toEqual(shadow.metrics[0]!.days);
  const later = addLabels(quality, canary, { asOfMs: 14 * DAY_MS, days, trouble: null });
  expect(assess(quality, later).phase).toBe('Failed');
  expect(assess(quality, beginStep(later)).phase).toBe('Failed');
});

/** Share of harmless challengers that are turned back in 40 days of daily looks. @param draw a day's difference */
function falseAlarms(runs: number, draw: (random: () => number) => number): number {
  const plan = labelledPlan([{ kind: 'quality', margin: 1e-9 }], { alpha: 0.05 });
  let alarms = 0;
  for (let run = 0; run < runs; run++) {
    const random = randomOf(run * 7919 + 1);
    // Labels arrive over five days, now and then a day's get lost, and a bad hour spoils both arms alike.
    const truth = Array.from({ length: 40 }, () => draw(random));
    const lost = truth.map(() => random() < 0.1);
    let state = withTraffic(plan);
    for (let morning = 1; morning <= 45; morning++) {
      const days = truth.flatMap((difference, day) => {
        if (day >= morning || day * DAY_MS < (state.labels!.sinceMs ?? 0)) return [];
        const arrived = Math.min(1, (morning - day) / 5) * (lost[day] ? 0.6 : 0.95);
        const seen = difference + (1 - arrived) * 0.01 * (random() - 0.5);
        return [pairedDay(day, seen, { labelled: Math.round(arrived * 1000) })];
      });
      state = addLabels(plan, state, { asOfMs: morning * DAY_MS, days, trouble: null });
    }
    alarms += state.failed.length > 0 ? 1 : 0;
  }
  return alarms / runs;
}

test(
  'harmless challengers looked at every day are turned back no more often than α, whatever the spread of the days',
  { timeout: 60_000 },
  () => {
    const normal = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    expect(falseAlarms(200, (random) => 0.01 * normal(random))).toBeLessThanOrEqual(0.05);
    expect(falseAlarms(200, (random) => 0.01 * normal(random) * (random() < 0.05 ? 50 : 1))).toBeLessThanOrEqual(0.05);
  },
);

test('readings and windows give the same state however the watch is cut into documents', () => {
  const plan = labelledPlan([{ kind: 'errors' }, { kind: 'quality', margin: 0.01 }]);
  const windows = Array.from({ length: 12 }, (_, index) => windowOf(index, { challenger: counts(100), champion: counts(100) }, MIRRORED));
  const reads = fc.array(
    fc.record({ afterWindows: fc.nat(12), days: fc.nat(20), difference: fc.double({ min: -1, max: 1, noNaN: true }) }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(reads, fc.nat(12), (drawn, cut) => {
      const placed = [...drawn]
        .sort((a, b) => a.afterWindows - b.afterWindows)
        .map(({ afterWindows, days, difference }) => ({
          afterWindows,
          asOfMs: 40 * DAY_MS,
          days: each(days, () => difference),
          trouble: null,
        }));
      const whole = foldWatch(plan, beginAnalysis(plan), windows, placed);
      const before = foldWatch(
        plan,
        beginAnalysis(plan),
        windows.slice(0, cut),
        placed.filter(({ afterWindows }) => afterWindows < cut),
      );
      const rest = placed
        .filter(({ afterWindows }) => afterWindows >= cut)
        .map((read) => ({ ...read, afterWindows: read.afterWindows - cut }));
      expect(foldWatch(plan, JSON.parse(JSON.stringify(before)) as typeof before, windows.slice(cut), rest)).toEqual(whole);
    }),
  );
});

test('a plan of before, which knows nothing of labels, is computed as it was', () => {
  const plan = planOf([{ kind: 'errors' }, { kind: 'quality', margin: 0.02 }]);
  const { state } = watch(plan, 20, (index) => windowOf(index, { challenger: counts(100), champion: counts(100) }, MIRRORED));
  expect(Object.keys(state)).toEqual(['metrics', 'split', 'windows', 'units', 'failed']);
  expect(Object.keys(state.metrics[1]!)).toEqual(['limit']);
  expect(addLabels(plan, state, { asOfMs: DAY_MS, days: each(20, () => 1), trouble: null })).toBe(state);
  expect(assess(plan, state).metrics[1]!.reason).toBe('quality: no labels yet');
});

test('a named number that is worse day after day fails, and no worse passes', () => {
  const canary = (): ReturnType<typeof withTraffic> => withTraffic(kpi, { mirror: null });
  const worse = Array.from({ length: 20 }, (_, day) => kpiDay(day, 40, 50));
  expect(assess(kpi, readDaily(kpi, worse, 20, canary()))).toMatchObject({
    phase: 'Failed',
    reasons: [expect.stringMatching(/^kpi: revenue differs by -10\.0 over \d+ days, more than 1$/)],
  });
  const alike = Array.from({ length: 20 }, (_, day) => kpiDay(day, 50 + (day % 2), 50));
  expect(assess(kpi, readDaily(kpi, alike, 20, canary())).phase).toBe('Successful');
});

test.for<[name: string, day: ReturnType<typeof kpiDay>, shiftAtMs?: number]>([
  ['the shares changed on it', kpiDay(3, 0, 50), 3.5 * DAY_MS],
  ['one arm’s numbers came more often than the other’s', kpiDay(3, 0, 50, { labelled: 300, theirLabelled: 480 })],
  ['few numbers came', kpiDay(3, 0, 50, { labelled: 100 })],
])('a day says nothing of a named number where %s', ([, odd, shiftAtMs]) => {
  const days = [kpiDay(0, 50, 50), kpiDay(1, 50, 50), kpiDay(2, 50, 50), odd];
  const start = withTraffic(kpi, { mirror: null });
  const state = shiftAtMs === undefined ? start : withTraffic(kpi, { mirror: null, shift: 2, atMs: shiftAtMs }, start);
  expect(readDaily(kpi, days, 9, state).metrics[0]!.days!.voted).toHaveLength(3);
});

test('copies say nothing of a named number: a shadow is judged by the other metrics, and never by none', () => {
  const both = labelledPlan([{ kind: 'errors', detect: 16 }, kpi.metrics[0]!.spec]);
  const clean = (index: number) => windowOf(index, { challenger: counts(1000), champion: counts(1000, { errors: 20 }) }, MIRRORED);
  const { state } = watch(both, 60, clean);
  expect(assess(both, state)).toMatchObject({ phase: 'Successful', metrics: [{ phase: 'Successful' }, { phase: 'Inconclusive' }] });
  expect(assess(kpi, watch(kpi, 60, clean).state).phase).toBe('Inconclusive');
  const canary = withTraffic(both, { mirror: null, shift: 2 }, state);
  expect(assess(both, canary).phase).toBe('Inconclusive');
});

test('how many days it takes rises with how much they differ', () => {
  const [{ spec }] = quality.metrics as [(typeof quality.metrics)[0]];
  if (spec.kind !== 'quality') throw new Error('not a quality metric');
  const days = [0, 0.05, 0.1, 0.3].map((sd) => daysNeeded(spec, 'request', 0.01, sd) ?? Infinity);
  expect(days).toEqual([...days].sort((a, b) => a - b));
  expect(days[0]).toBeGreaterThanOrEqual(spec.blocksMin);
});

describe('callers who stay with an arm', () => {
  const sticky = labelledPlan([kpi.metrics[0]!.spec], { unit: 'key' });
  const canary = withTraffic(sticky, { mirror: null });
  const ofCallers = (day: ReturnType<typeof kpiDay>, callers: number): ReturnType<typeof kpiDay> => {
    const { challenger, baseline } = day.arms;
    const counted = (arm: typeof challenger) => ({ ...arm!, kpis: { revenue: { ...arm!.kpis['revenue']!, callers } } });
    return { ...day, arms: { challenger: counted(challenger), baseline: counted(baseline) } };
  };

  test('each vote once: after as many days as there are groups of them nobody is asked again', () => {
    const days = Array.from({ length: 3 * CALLER_GROUPS }, (_, day) => ofCallers(kpiDay(day, 50, 50), 40));
    const { voted } = readDaily(sticky, days, 80, canary).metrics[0]!.days!;
    expect(voted.map(([day]) => Date.parse(day) / DAY_MS)).toEqual(Array.from({ length: CALLER_GROUPS }, (_, day) => day));
  });

  test('those whose day did not count have their turn when it comes again', () => {
    const days = Array.from({ length: 40 }, (_, day) => ofCallers(kpiDay(day, 50, 50), day === 3 ? 5 : 40));
    const { voted } = readDaily(sticky, days, 40, canary).metrics[0]!.days!;
    expect(voted.map(([day]) => Date.parse(day) / DAY_MS)).toEqual(
      [...Array.from({ length: CALLER_GROUPS }, (_, day) => day), CALLER_GROUPS + 3].filter((day) => day !== 3),
    );
  });

  test('many rows of few callers are no vote', () => {
    expect(readDaily(sticky, [ofCallers(kpiDay(0, 0, 50), 19)], 9, canary).metrics[0]!.days).toBeUndefined();
  });

  test('what takes more days than there are groups is never passed', () => {
    const { spec, alpha } = sticky.metrics[0]!;
    if (spec.kind !== 'kpi') throw new Error('not a named number');
    expect(daysNeeded(spec, 'key', alpha, 0)).toBeLessThanOrEqual(CALLER_GROUPS);
    expect([daysNeeded(spec, 'request', alpha, 5), daysNeeded(spec, 'key', alpha, 5)]).toEqual([expect.any(Number), null]);
  });
});
