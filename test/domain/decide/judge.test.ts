import { describe, expect, test } from 'vitest';
import { judge, type JudgeInput } from '../../../src/domain/decide/judge.js';
import { anchorGate, arm, bootstrap, evaluation, gates, HOLDOUT, judgeInput, mean, sliceGate, withDifferences } from './evaluation.js';
import { expectVerdict, type VerdictCase } from './expect-verdict.js';

const cases: VerdictCase[] = [
  ['a challenger that is proven better goes on', {}, { face: 'pass', next: 'proceed', reasons: [] }],

  // What is not known never passes.
  [
    'without an evaluation nothing is known',
    { evaluation: null },
    { face: 'no-data', next: 'stop', reasons: ['there is no evaluation to judge'] },
  ],
  [
    'without labelled rows nothing is known',
    { evaluation: evaluation({ labelledRows: 0 }) },
    { face: 'no-data', next: 'stop', reasons: [/no row with a label/] },
  ],
  [
    'a metric that could not be computed stops',
    { evaluation: evaluation({ arms: { ...evaluation().arms, challenger: arm({ metrics: { auc: null, logLoss: 0.5, brier: 0.1 } }) } }) },
    { face: 'no-data', next: 'stop', reasons: ['AUC could not be measured'] },
  ],
  [
    'a difference that was not measured stops',
    { evaluation: withDifferences({ auc: bootstrap(0.04, 0.009) }) },
    { face: 'no-data', next: 'stop', reasons: ['log-loss against the champion: the difference was not measured'] },
  ],
  [
    'a latency that was not measured stops',
    {
      gates: gates({ absolute: [{ metric: 'latencyMsP99', max: 5 }] }),
      evaluation: evaluation({ arms: { ...evaluation().arms, challenger: arm({ latencyMs: null }) } }),
    },
    { face: 'no-data', next: 'stop', reasons: ['p99 latency in ms could not be measured'] },
  ],
  [
    'a policy without thresholds proves nothing',
    { gates: gates({ absolute: [], againstChampion: [] }) },
    { face: 'inconclusive', next: 'stop', reasons: [/no threshold/] },
  ],
  [
    'a policy that only vetoes by slices proves nothing',
    { gates: gates({ absolute: [], againstChampion: [], ...sliceGate }) },
    { face: 'inconclusive', next: 'stop', reasons: [/no threshold/] },
  ],
  ['a comparison without a number has no α', { comparisonIndex: NaN }, { face: 'inconclusive', next: 'stop' }],

  // The first model.
  [
    'no champion: fail',
    { championExists: false, anchorExists: false },
    { face: 'fail', next: 'stop', reasons: [/no champion to compare with, and the policy/] },
  ],
  [
    'no champion: a person may sign the first',
    { championExists: false, anchorExists: false, gates: gates({ whenNoChampion: 'requireApproval' }) },
    { face: 'no-baseline', next: 'askPerson', reasons: [/a person must say whether this model may be the first/] },
  ],
  [
    'no champion: pass',
    { championExists: false, anchorExists: false, gates: gates({ whenNoChampion: 'pass' }) },
    { face: 'pass', next: 'proceed' },
  ],
  [
    'no champion: pass, but nothing to pass',
    { championExists: false, anchorExists: false, gates: gates({ whenNoChampion: 'pass', absolute: [] }) },
    { face: 'inconclusive', next: 'stop', reasons: [/no absolute gate holds the first model/] },
  ],
  [
    'no champion does not excuse a failed limit',
    {
      championExists: false,
      anchorExists: false,
      gates: gates({ whenNoChampion: 'requireApproval' }),
      evaluation: evaluation({ arms: { ...evaluation().arms, challenger: arm({ metrics: { auc: 0.5, logLoss: 0.7, brier: 0.2 } }) } }),
    },
    { face: 'fail', next: 'stop', reasons: [/AUC is 0.500/, /there is no champion/] },
  ],
  [
    'no champion does not excuse a challenger that has seen the holdout',
    {
      championExists: false,
      anchorExists: false,
      gates: gates({ whenNoChampion: 'requireApproval' }),
      evaluation: evaluation({ arms: { ...evaluation().arms, challenger: arm({ trainEnd: HOLDOUT.end }) } }),
    },
    { face: 'no-baseline', next: 'stop', reasons: [/the challenger was trained/, /there is no champion/] },
  ],

  // Labels and probes.
  [
    'too few labels leave quality unknown',
    { evaluation: evaluation({ labelCoverage: { overall: 0.85, byScoreDecile: [], byMonth: [] } }) },
    { face: 'inconclusive', next: 'stop', reasons: ['only 85% of the rows have a label, at least 90% are asked'] },
  ],
  [
    'a gap of labels in one month leaves quality unknown',
    { evaluation: evaluation({ labelCoverage: { overall: 0.95, byScoreDecile: [], byMonth: [{ month: '2013-06', coverage: 0.5 }] } }) },
    { face: 'inconclusive', next: 'stop', reasons: ['95% of all rows have a label but only 50% in 2013-06: quality there is unknown'] },
  ],
  [
    'a gap of labels where the score is high leaves quality unknown',
    {
      evaluation: evaluation({
        labelCoverage: { overall: 0.95, byScoreDecile: [...Array.from({ length: 9 }, () => 1), 0.5], byMonth: [] },
      }),
    },
    { face: 'inconclusive', next: 'stop', reasons: [/only 50% in score decile 10/] },
  ],
  [
    'coverage that is no number is no data',
    { evaluation: evaluation({ labelCoverage: { overall: NaN, byScoreDecile: [], byMonth: [] } }) },
    { face: 'no-data', next: 'stop' },
  ],
  [
    'a failed probe fails',
    { evaluation: evaluation({ probes: [{ name: 'null temp', passed: false, detail: 'refused 1 null' }] }) },
    { face: 'fail', next: 'stop', reasons: ['probe "null temp" failed: refused 1 null'] },
  ],
  ['no probes are no data', { evaluation: evaluation({ probes: [] }) }, { face: 'no-data', next: 'stop', reasons: ['no probe was run'] }],
  [
    'a failed probe is only told where the policy says so',
    { gates: gates({ probes: 'report' }), evaluation: evaluation({ probes: [{ name: 'null temp', passed: false, detail: 'refused' }] }) },
    { face: 'pass', next: 'proceed', notes: ['probe "null temp" failed: refused'] },
  ],

  // People.
  [
    'too good to be true asks a person',
    { gates: gates({ maxImprovement: [{ metric: 'auc', delta: 0.03 }] }) },
    { face: 'pass', next: 'askPerson', reasons: [/^too good to be true: AUC \+0.041 against the champion, more than \+0.030/] },
  ],
  [
    'better by what is believable goes on',
    { gates: gates({ maxImprovement: [{ metric: 'logLoss', delta: 0.1 }] }) },
    { face: 'pass', next: 'proceed' },
  ],
  [
    'an improvement that was not measured is no data',
    {
      gates: gates({ maxImprovement: [{ metric: 'brier', delta: 0.1 }] }),
      evaluation: withDifferences({ auc: bootstrap(0.041, 0.009), logLoss: mean(-0.035, 0.03) }),
    },
    { face: 'no-data', next: 'stop' },
  ],
  ['a high tier asks a person', { tier: 'high' }, { face: 'pass', next: 'askPerson', reasons: [/tier is high/] }],
  [
    'approval for always asks a person',
    { approval: { requiredFor: 'always' } },
    { face: 'pass', next: 'askPerson', reasons: [/before every promotion/] },
  ],
  [
    'a failure is never put to a person',
    {
      tier: 'high',
      approval: { requiredFor: 'always' },
      evaluation: withDifferences({ auc: bootstrap(-0.05, 0.01), logLoss: mean(0, 0.01) }),
    },
    { face: 'fail', next: 'stop' },
  ],
  ['what is inconclusive is never put to a person', { tier: 'high', comparisonIndex: NaN }, { face: 'inconclusive', next: 'stop' }],
];

test.for(cases)('%s', ([, input, expected]) => expectVerdict(input, expected));

test('every face is reachable', () => {
  expect(new Set(cases.map(([, input]) => judge(judgeInput(input)).face))).toEqual(
    new Set(['pass', 'fail', 'inconclusive', 'no-data', 'no-baseline']),
  );
});

describe('a verdict', () => {
  test('shows each gate with what was seen, asked and how sure it is', () => {
    const { gates: results } = judge(judgeInput({ gates: gates(anchorGate) }));
    expect(results.map(({ gate }) => gate)).toEqual([
      'gates.absolute[0]',
      'gates.absolute[1]',
      'gates.againstChampion[0]',
      'gates.againstChampion[1]',
      'gates.againstAnchor[0]',
      'gates.labelCoverageMin',
      'gates.probes',
    ]);
    expect(results[2]).toMatchObject({ face: 'pass', observed: 0.041, threshold: 0, interval: { alpha: 0.025 } });
    expect(results[2]!.interval!.lower).toBeCloseTo(0.041 - 2.0518 * 0.009 * Math.sqrt((28 / 27) * (1000 / 999)), 5);
    expect(results[3]).toMatchObject({ observed: -0.035, threshold: 0.02 });
  });

  test.for<[name: string, input: Partial<JudgeInput>, comparison: unknown, provenSuperior: boolean]>([
    ['counts the comparison and its α', { comparisonIndex: 3 }, { index: 3, alpha: 0.05 / 12 }, true],
    ['counts none without a champion', { championExists: false, gates: gates({ whenNoChampion: 'pass' }) }, null, false],
    [
      'counts none where the champion could not be compared',
      { evaluation: evaluation({ differences: { ...evaluation().differences, champion: null } }) },
      null,
      false,
    ],
    [
      'is no proof of superiority by non-inferiority',
      { gates: gates({ againstChampion: [{ metric: 'logLoss', test: 'nonInferiority', margin: 0.02 }] }) },
      { index: 1, alpha: 0.025 },
      false,
    ],
    [
      'needs every superiority gate for superiority',
      { evaluation: withDifferences({ auc: bootstrap(0, 0.1), logLoss: mean(-0.035, 0.03) }) },
      { index: 1, alpha: 0.025 },
      false,
    ],
  ])('%s', ([, input, comparison, provenSuperior]) => {
    expect(judge(judgeInput(input))).toMatchObject({ comparison, provenSuperior });
  });
});
