import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alphaOfComparison } from '../../../src/domain/decide/alpha-budget.js';
import { holm } from '../../../src/domain/decide/holm.js';
import { confidenceLimits, estimatePaired, exceedanceP } from '../../../src/domain/decide/paired-estimate.js';
import { studentTCdf, studentTQuantile, studentTUpperTail } from '../../../src/domain/decide/student-t.js';
import { seededRandom } from '../../../bench/random.js';
import { bootstrap, mean } from './evaluation.js';

describe('Student’s t', () => {
  // Published tables (e.g. NIST/SEMATECH e-Handbook 1.3.6.7.2), to the digits that they print.
  test.for<[degreesOfFreedom: number, alpha: number, quantile: number]>([
    [1, 0.05, 6.314],
    [1, 0.001, 318.309],
    [2, 0.025, 4.303],
    [2, 0.001, 22.327],
    [9, 0.05, 1.833],
    [9, 0.025, 2.262],
    [27, 0.05, 1.703],
    [27, 0.025, 2.052],
    [30, 0.0005, 3.646],
    [100, 0.01, 2.364],
    [100_000, 0.025, 1.96],
  ])('with %d degrees of freedom leaves %d above %d', ([degreesOfFreedom, alpha, quantile]) => {
    expect(studentTQuantile(alpha, degreesOfFreedom)).toBeCloseTo(quantile, quantile > 100 ? 2 : 3);
  });

  test('has a quantile that is the inverse of its tail', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.double({ min: 1e-7, max: 0.999, noNaN: true }), (degreesOfFreedom, alpha) => {
        const tail = studentTUpperTail(studentTQuantile(alpha, degreesOfFreedom), degreesOfFreedom);
        expect(Math.abs(tail - alpha) / alpha).toBeLessThan(1e-6);
      }),
    );
  });

  test('is symmetric', () => {
    expect(studentTCdf(1.3, 7) + studentTCdf(-1.3, 7)).toBeCloseTo(1, 14);
    expect(studentTQuantile(0.7, 7)).toBeCloseTo(-studentTQuantile(0.3, 7), 12);
    expect(studentTCdf(0, 7)).toBe(0.5);
  });

  test('knows nothing outside of its domain', () => {
    for (const value of [
      studentTQuantile(0, 9),
      studentTQuantile(1, 9),
      studentTQuantile(NaN, 9),
      studentTQuantile(0.05, 0),
      studentTQuantile(0.05, 2.5),
      studentTCdf(NaN, 9),
    ]) {
      expect(value).toBeNaN();
    }
  });
});

describe('Holm', () => {
  test.for<[name: string, pValues: number[], rejected: boolean[]]>([
    ['rejects nothing where the smallest p is above α/m', [0.02, 0.5, 0.9], [false, false, false]],
    ['goes on with α/(m−1) after the first', [0.01, 0.02, 0.9], [true, true, false]],
    ['stops at the first that it keeps', [0.04, 0.001, 0.03], [false, true, false]],
    ['keeps the order of the input', [0.9, 0.001], [false, true]],
    ['never rejects what is no number, but counts it', [NaN, 0.03], [false, false]],
    ['rejects a single p at α', [0.05], [true]],
    ['of nothing is nothing', [], []],
  ])('%s', ([, pValues, rejected]) => {
    expect(holm(pValues, 0.05)).toEqual(rejected);
  });
});

describe('the budget of comparisons', () => {
  test('gives the first comparison half and never spends more than α', () => {
    expect(alphaOfComparison(0.05, 1)).toBe(0.025);
    const spent = Array.from({ length: 10_000 }, (_, i) => alphaOfComparison(0.05, i + 1)).reduce((a, b) => a + b);
    expect(spent).toBeLessThan(0.05);
    expect(spent).toBeGreaterThan(0.0499);
  });

  test.for([0, -1, 1.5, NaN])('gives comparison %d nothing', (k) => {
    expect(alphaOfComparison(0.05, k)).toBeNaN();
  });
});

describe('a paired estimate', () => {
  test('of a mean has the cluster-robust standard error', () => {
    // 10 blocks of 2 rows; block sums 1..10: delta = 55/20, e_k = k − 5.5, Σe² = 82.5.
    const blockSums = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const estimate = estimatePaired({ kind: 'mean', delta: 2.75, rows: 20, blockRows: blockSums.map(() => 2), blockSums });
    expect(estimate).toMatchObject({ known: true, delta: 2.75, degreesOfFreedom: 9 });
    expect(estimate.known && estimate.standardError).toBeCloseTo(Math.sqrt((10 / 9) * 82.5) / 20, 12);
  });

  test('of a bootstrap widens the replicates’ standard deviation by √(K/(K−1))', () => {
    const estimate = estimatePaired(bootstrap(0.04, 0.01, 10));
    expect(estimate.known && estimate.standardError).toBeCloseTo(Math.sqrt(10 / 9) * 0.01 * Math.sqrt(1000 / 999), 12);
  });

  test('of independent rows is the t interval of the textbook', () => {
    const values = Array.from({ length: 40 }, (_, i) => Math.sin(i));
    const delta = values.reduce((a, b) => a + b) / 40;
    const sd = Math.sqrt(values.reduce((total, value) => total + (value - delta) ** 2, 0) / 39);
    const estimate = estimatePaired({ kind: 'mean', delta, rows: 40, blockRows: values.map(() => 1), blockSums: values });
    if (!estimate.known) throw new Error(estimate.reason);
    expect(estimate.standardError).toBeCloseTo(sd / Math.sqrt(40), 12);
    expect(confidenceLimits(estimate, 0.025).upper - delta).toBeCloseTo((studentTQuantile(0.025, 39) * sd) / Math.sqrt(40), 12);
  });

  test.for<[name: string, difference: Parameters<typeof estimatePaired>[0], face: string, reason: RegExp]>([
    ['that was not measured', undefined, 'no-data', /not measured/],
    ['with nine blocks', mean(-1, 0.1, 9), 'inconclusive', /only 9 blocks, at least 10/],
    [
      'with one block of more than half the rows',
      { ...mean(0), blockRows: [27_001, ...Array.from({ length: 27 }, () => 1000)], rows: 54_001, blockSums: mean(0).blockSums },
      'inconclusive',
      /one block holds 27001 of 54001/,
    ],
    ['with empty blocks only', { ...mean(0), blockRows: Array.from({ length: 28 }, () => 0), rows: 0 }, 'no-data', /no labelled row/],
    ['whose rows do not add up', { ...mean(0), rows: 7 }, 'no-data', /sum to 2800, expected 7/],
    ['whose sums contradict it', { ...mean(0), delta: 0.5 }, 'no-data', /the stated difference is 0.5/],
    ['with a sum too few', { ...mean(0), blockSums: [0] }, 'no-data', /1 block sums for 28 blocks/],
    ['with few replicates', { ...bootstrap(0), replicates: [0, 0] }, 'no-data', /2 bootstrap replicates/],
    ['with a replicate that is no number', { ...bootstrap(0), replicates: [NaN] }, 'no-data', /no numbers/],
    ['with an infinite delta', { ...bootstrap(0), delta: Infinity }, 'no-data', /no numbers/],
  ])('%s is %s', ([, difference, face, reason]) => {
    const estimate = estimatePaired(difference);
    expect(estimate).toMatchObject({ known: false, face });
    expect(!estimate.known && estimate.reason).toMatch(reason);
  });

  test('of two equal models on days that fail together finds a difference as rarely as α says', () => {
    const random = seededRandom(7);
    const runs = 2000;
    let found = 0;
    for (let run = 0; run < runs; run++) {
      const blockRows = Array.from({ length: 28 }, () => 700 + Math.floor(400 * random.uniform()));
      const blockSums = blockRows.map((rows) => rows * 0.25 * random.normal() + Math.sqrt(rows) * random.normal());
      const rows = blockRows.reduce((a, b) => a + b);
      const estimate = estimatePaired({ kind: 'mean', delta: blockSums.reduce((a, b) => a + b) / rows, rows, blockRows, blockSums });
      if (!estimate.known) throw new Error(estimate.reason);
      if (confidenceLimits(estimate, 0.05).lower > 0) found++;
    }
    // 5%, give or take three standard errors of a simulation of this size, and a little for blocks of unequal size.
    expect(found / runs).toBeGreaterThan(0.035);
    expect(found / runs).toBeLessThan(0.07);
  });

  test('without any spread leaves nothing to chance', () => {
    const estimate = estimatePaired(mean(0.1));
    if (!estimate.known) throw new Error(estimate.reason);
    const exact = { ...estimate, standardError: 0 };
    expect(exceedanceP(0.1, 0.05, exact)).toBe(0);
    expect(exceedanceP(0.1, 0.1, exact)).toBe(1);
  });
});
