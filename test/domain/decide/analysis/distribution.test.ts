import { expect, test } from 'vitest';
import { assess } from '../../../../src/domain/decide/analysis/analyse.js';
import { populationStability } from '../../../../src/domain/decide/analysis/distribution.js';
import { createTraffic, HARMLESS, STEADY } from '../../../../src/domain/decide/simulation/simulate-traffic.js';
import { HALF, counts, planOf, watch, windowOf } from './windows.js';

/** Scores of a challenger, as its evaluation saw them. */
function offlineOf(windows: number): number[] {
  const traffic = createTraffic(STEADY, HARMLESS, 5, 99);
  const seen = Array.from({ length: windows }, () => traffic.next(HALF, 1).arms.challenger!.scores);
  return seen.reduce((sum, scores) => sum.map((count, bin) => count + scores[bin]!));
}

const plan = planOf([{ kind: 'distribution' }], { offlineScores: offlineOf(100) });

test.for<[name: string, scoreShift: number, phase: string]>([
  ['the same scores as in the evaluation pass', 0, 'Successful'],
  ['a little drift passes', 0.03, 'Successful'],
  ['shifted scores fail', 0.3, 'Failed'],
])('%s', ([, scoreShift, phase]) => {
  for (let seed = 1; seed <= 10; seed++) {
    const traffic = createTraffic(STEADY, { ...HARMLESS, scoreShift }, 5, seed);
    expect(watch(plan, 128, () => traffic.next(HALF, 1)).phase).toBe(phase);
  }
});

test('few answers, or an evaluation without scores, leave it undecided', () => {
  const few = watch(plan, 100, (index) => windowOf(index, { challenger: counts(1), baseline: counts(1) }));
  expect(few.phase).toBe('Inconclusive');
  const unknown = planOf([{ kind: 'distribution' }]);
  const { state } = watch(unknown, 100, (index) => windowOf(index, { challenger: counts(100), baseline: counts(100) }));
  expect(assess(unknown, state).reasons).toEqual(['distribution: the evaluation left no scores to compare with']);
});

test('the index is 0 of equal histograms, grows with the shift, and bears empty bins', () => {
  expect(populationStability([10, 20, 30], [100, 200, 300])).toBeCloseTo(0);
  const near = populationStability([50, 50, 0], [45, 55, 0]);
  const far = populationStability([50, 50, 0], [10, 40, 50]);
  expect(near).toBeGreaterThan(0);
  expect(far).toBeGreaterThan(near);
  expect(Number.isFinite(far)).toBe(true);
});
