import { expect, test } from 'vitest';
import { ASSUMED_BLOCK_SPREAD, detectableDifference } from '../../../src/domain/decide/detectable-difference.js';

test('28 days of flights show an AUC improvement of about .027 in 8 of 10 cycles', () => {
  const shown = detectableDifference(28, 0.025, ASSUMED_BLOCK_SPREAD.auc);
  // (t27(.025) + t27(.2)) · .05/√28
  expect(shown?.detectable).toBeCloseTo((2.0518 + 0.8551) * (0.05 / Math.sqrt(28)), 5);
});

test('an equal challenger passes a margin as often as the margin is wide', () => {
  const shown = detectableDifference(28, 0.025, ASSUMED_BLOCK_SPREAD.logLoss)!;
  expect(shown.passIfEqual(0)).toBeCloseTo(0.025, 6);
  expect(shown.passIfEqual(0.02)).toBeGreaterThan(0.3);
  expect(shown.passIfEqual(0.06)).toBeGreaterThan(0.95);
});

test('four times the blocks show about half the difference', () => {
  const once = detectableDifference(28, 0.025, 0.05)!.detectable;
  const fourTimes = detectableDifference(112, 0.025, 0.05)!.detectable;
  expect(fourTimes / once).toBeGreaterThan(0.45);
  expect(fourTimes / once).toBeLessThan(0.5);
});

test.for<[name: string, blocks: number, alpha: number, spread: number]>([
  ['nine blocks', 9, 0.025, 0.05],
  ['no spread', 28, 0.025, 0],
  ['an unknown spread', 28, 0.025, NaN],
  ['an impossible α', 28, 0, 0.05],
])('%s show nothing', ([, blocks, alpha, spread]) => {
  expect(detectableDifference(blocks, alpha, spread)).toBeNull();
});
