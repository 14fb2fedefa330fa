import { expect, test } from 'vitest';
import { judgeRefit } from '../../../src/domain/decide/judge-refit.js';
import type { AgreeOutput } from '../../../src/domain/stage-jobs.js';
import { Verdict } from '../../../src/domain/verdict.js';
import { gates, POLICY_DIGEST } from './evaluation.js';

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
