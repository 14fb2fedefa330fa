import { expect, test } from 'vitest';
import { judgeRefit } from '../../../src/domain/decide/judge-refit.js';
import type { AgreeOutput } from '../../../src/domain/stage-jobs.js';
import { Verdict } from '../../../src/domain/verdict.js';
import { bootstrap, gates, mean, POLICY_DIGEST } from './evaluation.js';

const agreement: AgreeOutput = {
  rows: 2800,
  rankCorrelation: 0.97,
  meanAbsoluteDifference: 0.01,
  probes: [{ name: 'null temp', passed: true, detail: '' }],
};

test.for<[name: string, agreement: AgreeOutput | null, spec: Record<string, unknown>, expected: Partial<Verdict>]>([
  ['a refit that agrees with its sibling goes on', agreement, {}, { face: 'pass', next: 'proceed', reasons: [] }],
  [
    'a refit that became another model fails',
    { ...agreement, rankCorrelation: 0.5 },
    {},
    {
      face: 'fail',
      next: 'stop',
      reasons: [
        'the refit ranks 2800 rows like its judged sibling with a correlation of 0.500; at least 0.900 is asked: more data made another model of it',
      ],
    },
  ],
  [
    'a refit of another season goes on where it is proven to explain the rows better',
    { ...agreement, rankCorrelation: 0.72, differences: { logLoss: mean(-0.1, 0.1) } },
    {},
    { face: 'pass', next: 'proceed', reasons: [] },
  ],
  [
    'another model that explains them no better fails',
    { ...agreement, rankCorrelation: 0.72, differences: { logLoss: mean(-0.01, 0.1) } },
    {},
    {
      face: 'fail',
      next: 'stop',
      reasons: [
        "the refit ranks 2800 rows like its judged sibling with a correlation of 0.720; at least 0.900 is asked, and the refit is not proven to explain the holdout's rows, which it has been trained on, better than its sibling, which has not (log-loss −0.010 [−0.043, +0.023] at α 5% a side): more data made another model of it",
      ],
    },
  ],
  [
    'a refit that explains what it was trained on worse fails, however alike it ranks',
    { ...agreement, rankCorrelation: 0.99, differences: { logLoss: mean(0.1, 0.1) } },
    {},
    { face: 'fail', next: 'stop', reasons: [expect.stringMatching(/proven not to explain .* a worse model of it$/)] },
  ],
  [
    'no better and no worse is enough where it agrees',
    { ...agreement, differences: { brier: mean(0, 0.1) } },
    {},
    { face: 'pass', next: 'proceed' },
  ],
  [
    'more AUC is better, not worse',
    { ...agreement, rankCorrelation: 0.72, differences: { auc: bootstrap(0.1, 0.01) } },
    {},
    { face: 'pass', next: 'proceed' },
  ],
  [
    'log-loss speaks before AUC',
    { ...agreement, rankCorrelation: 0.72, differences: { auc: bootstrap(0.1, 0.01), logLoss: mean(0.1, 0.1) } },
    {},
    { face: 'fail', next: 'stop' },
  ],
  ['too few blocks leave the rank correlation', { ...agreement, differences: { logLoss: mean(0.5, 0.1, 9) } }, {}, { face: 'pass' }],
  [
    'too few blocks prove nothing better',
    { ...agreement, rankCorrelation: 0.72, differences: { logLoss: mean(-0.5, 0.1, 9) } },
    {},
    { face: 'fail', next: 'stop', reasons: [expect.stringContaining('only 9 blocks')] },
  ],
  ['measured without a metric is nothing known', { ...agreement, differences: {} }, {}, { face: 'no-data', next: 'stop' }],
  [
    'a difference that is no number is nothing known',
    { ...agreement, differences: { logLoss: mean(NaN) } },
    {},
    { face: 'no-data', next: 'stop' },
  ],
  [
    'without agreement nothing is known',
    null,
    {},
    { face: 'no-data', next: 'stop', reasons: ['the refit was not held against its judged sibling'] },
  ],
  ['without rows nothing is known', { ...agreement, rows: 0 }, {}, { face: 'no-data', next: 'stop' }],
  ['a correlation that is no number says nothing', { ...agreement, rankCorrelation: NaN }, {}, { face: 'no-data', next: 'stop' }],
  [
    'a failed probe fails',
    { ...agreement, probes: [{ name: 'null temp', passed: false, detail: 'refused' }] },
    {},
    { face: 'fail', next: 'stop', reasons: ['probe "null temp" failed: refused'] },
  ],
  ['no probes are no data', { ...agreement, probes: [] }, {}, { face: 'no-data', next: 'stop' }],
  [
    'no probes do where the policy only reports them',
    { ...agreement, probes: [] },
    { probes: 'report' },
    { face: 'pass', next: 'proceed' },
  ],
])('%s', ([, given, spec, expected]) => {
  const verdict = judgeRefit({ gates: gates(spec), policyDigest: POLICY_DIGEST, agreement: given });
  expect(Verdict.parse(verdict)).toEqual(verdict);
  expect(verdict).toMatchObject({ ...expected, comparison: null, provenSuperior: false });
});
