import { expect, test } from 'vitest';
import { beginWatch, estimatedEndMs, isTimeToTell, observed, told, type JobWatch } from '../../../src/domain/decide/job-watch.js';

const DAY_MS = 86_400_000;

/** A training of so many days that says its step every ten minutes. @returns how often the workflow was told */
function tellings({ days, total, attempt }: { days: number; total: boolean; attempt: number }): number {
  let watch = beginWatch(null, 0);
  const steps = days * 24 * 6;
  for (let step = 1; step <= steps; step++) {
    const nowMs = step * 600_000;
    watch = observed(watch, { step, ...(total && { total: steps }) }, nowMs);
    if (isTimeToTell(watch, { attempt, startedAtMs: 0 }, nowMs)) watch = told(watch, nowMs);
  }
  return watch.tellings;
}

test.for<[days: number, total: boolean, attempt: number, expected: number]>([
  [1, true, 1, 16],
  [21, true, 1, 16],
  [21, false, 1, 12],
  [21, true, 2, 8],
  [21, true, 20, 2],
  [21, true, 33, 2],
])('a training of %i days (total: %s), attempt %i, tells its workflow %i times', ([days, total, attempt, expected]) => {
  expect(tellings({ days, total, attempt })).toBe(expected);
});

test('a short job tells nothing', () => {
  const watch = observed(beginWatch(null, 0), { step: 1 }, 9000);
  expect(isTimeToTell(watch, { attempt: 1, startedAtMs: 0 }, 9000)).toBe(false);
});

test('the end is estimated by the speed of this attempt: what came from a checkpoint took it no time', () => {
  let watch = observed(beginWatch(null, 0), { step: 5000, total: 10_000 }, 0);
  expect(estimatedEndMs(watch)).toBeNull();
  watch = observed(watch, { step: 6000, total: 10_000 }, DAY_MS);
  expect(estimatedEndMs(watch)).toBe(5 * DAY_MS);
});

test('the words have whatever the job says', () => {
  let watch = observed(beginWatch(null, 0), { step: 1, total: 3 }, 0);
  watch = observed(watch, { epoch: 2, epochs: 9, step: 2, total: 3, loss: 0.412345, examplesPerSecond: 8812.4, message: 'fold 1' }, 60_000);
  expect(watch.words).toBe('epoch 2 of 9, step 2 of 3, loss 0.4123, 8810 examples/s, fold 1, done about 1970-01-01 00:02 UTC');
});

test('saying the same again is no progress', () => {
  const watch = observed(beginWatch(null, 0), { step: 1 }, 1000);
  expect(observed(watch, { step: 1 }, 99_000)).toBe(watch);
});

test('another worker goes on with what the heartbeat said; what an older one said is as nothing', () => {
  const watch: JobWatch = observed(beginWatch(null, 0), { step: 1 }, 1000);
  expect(beginWatch(JSON.parse(JSON.stringify(watch)), 99_000)).toEqual(watch);
  expect(beginWatch({ step: 1, total: 3 }, 99_000)).toMatchObject({ progress: null, changedAtMs: 99_000 });
});
