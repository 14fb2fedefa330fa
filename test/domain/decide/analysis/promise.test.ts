import { expect, test } from 'vitest';
import {
  createTraffic,
  HARMLESS,
  STEADY,
  type Regression,
  type TrafficShape,
} from '../../../../src/domain/decide/simulation/simulate-traffic.js';
import { simulateRollout } from '../../../../src/domain/decide/simulation/simulate-rollout.js';
import { HALF, planOf, rolloutOf, shares, watch } from './windows.js';

const plan = planOf([{ kind: 'errors' }, { kind: 'latency' }, { kind: 'mean', margin: 0.03, detect: 0.1 }], { alpha: 0.01 });
const shape: TrafficShape = { ...STEADY, requestsPerSecond: 40 };

/** How many of `runs` fail within so many windows, and after how many windows each. */
function failures(
  traffic: Partial<TrafficShape>,
  regression: Partial<Regression>,
  weightAt: (window: number) => number,
  runs: number,
  windows: number,
) {
  return Array.from({ length: runs }, (_, run) => {
    const source = createTraffic({ ...shape, ...traffic }, { ...HARMLESS, ...regression }, 5, 100 + run);
    const end = watch(plan, windows, (window) => source.next(shares(weightAt(window)), weightAt(window)));
    return end.phase === 'Failed' ? end.windows : null;
  }).filter((end) => end !== null);
}

test.for<[name: string, traffic: Partial<TrafficShape>, weightAt: (window: number) => number]>([
  ['independent errors', {}, () => 50],
  ['errors that come 20 at a time', { burst: 20 }, () => 50],
  ['errors that come 20 at a time, at 95% against 5%', { burst: 20 }, () => 95],
  ['callers who stay with an arm', { stickyCallers: 2000 }, () => 50],
  ['a cold start of both arms', { coldStart: 5 }, () => 50],
  ['outages that hit both arms', { outageShare: 0.1 }, () => 10],
  ['weights that change', {}, (window) => [0, 10, 25, 50, 75, 95][Math.floor(window / 25)]!],
])('a harmless challenger is let through: %s', { timeout: 20_000 }, ([, traffic, weightAt]) => {
  // At α 1%, two or more of 12 have a chance of 0.6%.
  expect(failures(traffic, {}, weightAt, 12, 150).length).toBeLessThanOrEqual(1);
});

test.for<[name: string, regression: Partial<Regression>, weight: number, windowsMax: number]>([
  ['twice as many errors at 50%', { errorRatio: 2 }, 50, 150],
  ['five times as many errors at 10%', { errorRatio: 5 }, 10, 150],
  ['every request refused at 10%', { errorRatio: 50 }, 10, 30],
  ['every request refused at 95%', { errorRatio: 50 }, 95, 60],
  ['every request refused in shadow', { errorRatio: 50 }, 0, 30],
  ['all answers 1.3 times as slow at 50%', { latencyRatio: 1.3 }, 50, 150],
  ['all answers 1.5 times as slow at 10%', { latencyRatio: 1.5 }, 10, 150],
  ['scores that are 0.1 higher at 50%', { scoreShift: 0.1 }, 50, 60],
  ['scores that are 0.1 lower at 50%', { scoreShift: -0.1 }, 50, 60],
])('found: %s', { timeout: 20_000 }, ([, regression, weight, windowsMax]) => {
  expect(failures({}, regression, () => weight, 10, windowsMax).length).toBeGreaterThanOrEqual(9);
});

test('a regression after a good day is found within the hour', () => {
  const errors = planOf([{ kind: 'errors', shareMax: 0.5 }], { alpha: 0.01 });
  const good = createTraffic(shape, HARMLESS, 5, 7);
  const bad = createTraffic(shape, { ...HARMLESS, errorRatio: 3 }, 5, 8);
  const day = watch(errors, 17_280, () => good.next(HALF, 1));
  expect(day.phase).not.toBe('Failed');
  expect(watch(errors, 720, () => bad.next(HALF, 1), day.state).phase).toBe('Failed');
}, 20_000);

test('a rollout is played to its end: harmless passes, broken is turned back, and the same seed says the same', () => {
  const rollout = rolloutOf([{ kind: 'errors', detect: 4 }], {
    steps: [
      { kind: 'shadow', bakeSeconds: 60 },
      { kind: 'canary', weightPercent: 25, bakeSeconds: 60, bakeSecondsMax: 3600 },
      { kind: 'full', bakeSeconds: 60, bakeSecondsMax: 7200 },
    ],
  });
  const harmless = simulateRollout(rollout, shape, HARMLESS, 3);
  expect(harmless.outcome).toBe('passed');
  expect(simulateRollout(rollout, shape, HARMLESS, 3)).toEqual(harmless);
  const broken = simulateRollout(rollout, shape, { ...HARMLESS, errorRatio: 50 }, 3);
  expect(broken).toMatchObject({ outcome: 'turnedBack', step: 0 });
});
