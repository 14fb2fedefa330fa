import { expect, test } from 'vitest';
import { expiredCheckpoints, expiredJobs, type ModelCycles } from '../../../src/domain/decide/expired-jobs.js';

const nowMs = Date.parse('2026-06-01T00:00:00Z');
const old = '2026-01-01T00:00:00Z';
const young = '2026-05-31T00:00:00Z';
const cycle = (number: number, startedAt = old, isOpen = false) => ({ cycle: number, startedAt, isOpen });

function model(change: Partial<ModelCycles> = {}): ModelCycles {
  const cycles = [cycle(2), cycle(5), cycle(9)];
  return { model: 'm', retention: { snapshotDays: 30, cyclesMin: 1 }, cycles, lastOutcome: 'promoted', ...change };
}

test.for<[says: string, models: ModelCycles[], names: string[], expired: string[]]>([
  [
    'old ones go, the newest stays',
    [model()],
    ['m-c2-train-a1', 'm-c5-evaluate-a2', 'm-c9-train-a1'],
    ['m-c2-train-a1', 'm-c5-evaluate-a2'],
  ],
  ['young ones stay', [model({ cycles: [cycle(2, young), cycle(9, young)] })], ['m-c2-train-a1'], []],
  ['those of an open cycle stay, however old', [model({ cycles: [cycle(2, old, true), cycle(9)] })], ['m-c2-train-a1'], []],
  ['without a spec in force nothing goes', [model({ retention: null })], ['m-c2-train-a1'], []],
  ['what no ledger knows stays', [model()], ['other-c2-train-a1', 'm-c3-train-a1', 'm-c0-monitor-2026', 'something'], []],
  ['a model whose name ends like another’s cycle', [model({ model: 'm-c2' })], ['m-c2-c5-train-a1', 'm-c2-train-a1'], ['m-c2-c5-train-a1']],
])('jobs: %s', ([, models, names, expired]) => {
  expect(expiredJobs(models, names, nowMs)).toEqual(expired);
});

test.for<[says: string, change: Partial<ModelCycles>, isExpired: boolean]>([
  ['the newest cycle ended by a decision', {}, true],
  ['it was rejected', { lastOutcome: 'rejected' }, true],
  ['it failed: a person may go on from them', { lastOutcome: 'failed', cycles: [cycle(2), cycle(9, young)] }, false],
  ['it was aborted', { lastOutcome: 'aborted', cycles: [cycle(9, young)] }, false],
  ['it failed longer ago than its data is kept', { lastOutcome: 'failed' }, true],
  ['a cycle is open', { cycles: [cycle(2), cycle(9, old, true)], lastOutcome: null }, false],
  ['no spec is in force', { retention: null }, false],
])('checkpoints: %s', ([, change, isExpired]) => {
  expect(expiredCheckpoints([model(change)], ['m/train-1', 'other/train-1'], nowMs)).toEqual(isExpired ? ['m/train-1'] : []);
});
