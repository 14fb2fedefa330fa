import { describe, expect, test } from 'vitest';
import { jobCost } from '../../../src/domain/decide/job-cost.js';
import { beginWatch, observed } from '../../../src/domain/decide/job-watch.js';
import { stopRule, type StopFacts } from '../../../src/domain/decide/stop-rule.js';
import type { Job } from '../../../src/domain/job.js';
import type { JobProgress } from '../../../src/domain/job-progress.js';
import type { StopRules } from '../../../src/domain/trainer-spec.js';

const HOUR_MS = 3_600_000;

/** A job that began at 0 and said something at the first hour; it is now the second. */
function facts(progress: JobProgress | null, change: Partial<StopFacts> = {}): StopFacts {
  return { watch: observed(beginWatch(null, 0), progress, HOUR_MS), startedAtMs: 0, progressReadMs: 2 * HOUR_MS, cost: null, ...change };
}
const eur = (amount: number) => ({ amount, currency: 'EUR' });

test.for<[says: string, rules: StopRules | undefined, facts: StopFacts, type: string | null]>([
  ['no rules', undefined, facts({ loss: 1 }), null],
  ['a loss that is NaN stops without any rule', undefined, facts({ loss: 'NaN' }), 'JobDiverged'],
  ['an infinite one, too', {}, facts({ loss: 'Infinity' }), 'JobDiverged'],
  ['as dear as allowed', { costMax: 5 }, facts(null, { cost: eur(5) }), null],
  ['dearer', { costMax: 5 }, facts(null, { cost: eur(5.01) }), 'JobOverBudget'],
  ['silent as long as allowed', { withoutProgressMinutes: 60 }, facts({ step: 1 }), null],
  ['silent for longer', { withoutProgressMinutes: 59 }, facts({ step: 1 }), 'JobStalled'],
  ['never said anything', { withoutProgressMinutes: 90 }, facts(null), 'JobStalled'],
  ['waited for a machine first', { withoutProgressMinutes: 90 }, facts(null, { startedAtMs: HOUR_MS }), null],
  ['silent, but not listened to since it spoke', { withoutProgressMinutes: 1 }, facts({ step: 1 }, { progressReadMs: HOUR_MS }), null],
  ['never listened to', { withoutProgressMinutes: 1 }, facts(null, { progressReadMs: null }), null],
  ['waits for a machine', { withoutProgressMinutes: 1 }, facts(null, { startedAtMs: null }), null],
])('%s', ([, rules, found, type]) => {
  expect(stopRule(rules, found)?.type ?? null).toBe(type);
});

test('each says what was expected, what was found and what to do', () => {
  expect(stopRule({ withoutProgressMinutes: 30 }, facts({ epoch: 3 }))).toEqual({
    type: 'JobStalled',
    message: 'trainer.stop.withoutProgressMinutes: expected progress within 30 minutes, found none for 60 (epoch 3)',
    remedy: 'read the end of its log, then: ratchet retry (with trainer.checkpoints it goes on where it stood)',
  });
  expect(stopRule({ costMax: 5 }, facts(null, { cost: eur(7.123) }))?.message).toBe(
    'trainer.stop.costMax: expected all attempts to cost at most 5 EUR, found 7.12',
  );
});

describe('what a job costs', () => {
  const prices = { currency: 'EUR', cpuHour: 0.5, gpuHour: 3, machineHour: { 'ml.big': 8 } };
  const resources = { cpus: 4, memoryMiB: 1, gpus: 2 };
  const job = (change: Partial<Job>): Job => ({
    name: 'm-c1-train-a1',
    phase: 'Running',
    progress: null,
    output: null,
    failure: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: null,
    ...change,
  });
  const nowMs = Date.parse('2026-01-01T02:00:00.000Z');

  test.for<[says: string, change: Partial<Job>, cost: number | null]>([
    ['what runs counts up to now', {}, 16],
    ['what has ended, to its end', { endedAt: '2026-01-01T01:00:00.000Z' }, 8],
    ['what waits costs nothing', { startedAt: null }, 0],
    ['a clock that is ahead costs nothing', { startedAt: '2026-01-01T03:00:00.000Z' }, 0],
    ['what was billed counts, not what was reserved', { billed: { seconds: 900, since: null, machineType: 'ml.big', machines: 2 } }, 4],
    [
      'what is billed still counts up to now',
      { billed: { seconds: 900, since: '2026-01-01T01:30:00.000Z', machineType: 'ml.big', machines: 2 } },
      12,
    ],
    [
      'a machine without a price is unknown, not free',
      { billed: { seconds: 900, since: null, machineType: 'ml.other', machines: 2 } },
      null,
    ],
  ])('%s', ([, change, cost]) => {
    expect(jobCost(prices, resources, job(change), nowMs)).toBe(cost);
  });
});
