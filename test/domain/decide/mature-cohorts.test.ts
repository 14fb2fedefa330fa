import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matureCohorts, type Cohort } from '../../../src/domain/decide/mature-cohorts.js';

const DAY_MS = 86_400_000;
const rule = { delayHours: 24, coverageMin: 0.5, coverageDropMax: 0.2 };

/** Days of 1,000 predictions, so many of which are labelled. */
const days = (...labelled: number[]): Cohort[] =>
  labelled.map((count, day) => ({ startMs: day * DAY_MS, endMs: (day + 1) * DAY_MS, predictions: 1000, labelled: count, censored: 0 }));

test.for<[name: string, cohorts: Cohort[], asOfDays: number, mature: boolean[], reason?: RegExp]>([
  ['a day is provisional until its label delay has passed since its end', days(900, 900, 900), 3, [true, true, false], /less than 24 h/],
  [
    'a day with too few labels is provisional however old it is',
    days(400),
    100,
    [false],
    /40% of its predictions are settled, less than 50%/,
  ],
  [
    'a day with fewer labels than the days before it is provisional',
    days(950, 940, 960, 700),
    9,
    [true, true, true, false],
    /before it 95%/,
  ],
  ['a little fewer is no gap', days(950, 940, 960, 800), 9, [true, true, true, true]],
  ['a provisional day is nothing to compare with', days(950, 600, 610, 620), 9, [true, false, false, false]],
  ['a day without predictions says nothing', [{ startMs: 0, endMs: DAY_MS, predictions: 0, labelled: 0, censored: 0 }], 9, [false]],
  ['a censored row is settled', [{ ...days(500)[0]!, labelled: 100, censored: 800 }], 9, [true]],
])('%s', ([, cohorts, asOfDays, mature, reason]) => {
  const judged = matureCohorts(cohorts, rule, asOfDays * DAY_MS);
  expect(judged.map(({ isMature }) => isMature)).toEqual(mature);
  if (reason !== undefined) expect(judged.find(({ isMature }) => !isMature)?.reason).toMatch(reason);
});

test('time alone never makes a mature day provisional again', () => {
  const cohort = fc.record({ predictions: fc.nat(500), settled: fc.double({ min: 0, max: 1, noNaN: true }) });
  fc.assert(
    fc.property(fc.array(cohort, { maxLength: 30 }), fc.nat(40), fc.nat(40), (drawn, at, later) => {
      const cohorts = drawn.map(({ predictions, settled }, day) => ({
        startMs: day * DAY_MS,
        endMs: (day + 1) * DAY_MS,
        predictions,
        labelled: Math.floor(predictions * settled),
        censored: 0,
      }));
      const [before, after] = [at, at + later].map((now) => matureCohorts(cohorts, rule, now * DAY_MS));
      before!.forEach(({ isMature }, index) => expect(after![index]!.isMature || !isMature).toBe(true));
    }),
  );
});
