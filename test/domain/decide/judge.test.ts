import { describe, expect, test } from 'vitest';
import { judge, type JudgeInput } from '../../../src/domain/decide/judge.js';
import { Verdict } from '../../../src/domain/verdict.js';
import { arm, bootstrap, evaluation, gates, HOLDOUT, judgeInput, mean, slice } from './evaluation.js';

const withDifferences = (champion: Record<string, unknown>, anchor: Record<string, unknown> = champion) =>
  evaluation({ differences: { champion, anchor, baseRate: {} } as never });

const anchorGate = { againstAnchor: [{ metric: 'logLoss', test: 'nonInferiority', margin: 0.02 }] };
const sliceGate = { slices: [{ by: 'origin', metric: 'logLoss', margin: 0.02 }] };

type Case = [
  name: string,
  input: Partial<JudgeInput>,
  expected: { face: string; next: string; reasons?: (RegExp | string)[]; notes?: (RegExp | string)[] },
];

const cases: Case[] = [
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
  ['a comparison without a number has no α', { comparisonIndex: NaN }, { face: 'inconclusive', next: 'stop' }],

  // Absolute gates.
  [
    'a spoiled trainer is told in points',
    {
      evaluation: evaluation({
        arms: { ...evaluation().arms, challenger: arm({ calibration: { meanPrediction: 0.53, rate: 0.23, bins: [] } }) },
      }),
    },
    {
      face: 'fail',
      next: 'stop',
      reasons: ['predicts 30 points too many positives (mean prediction 0.53, rate 0.23); at most 0.100 is allowed'],
    },
  ],
  [
    'an AUC below its minimum fails',
    { evaluation: evaluation({ arms: { ...evaluation().arms, challenger: arm({ metrics: { auc: 0.649, logLoss: 0.5, brier: 0.1 } }) } }) },
    { face: 'fail', next: 'stop', reasons: ['AUC is 0.649; at least 0.650 is asked'] },
  ],
  [
    'a model that is too big fails',
    { gates: gates({ absolute: [{ metric: 'modelMiB', max: 0.1 }] }) },
    { face: 'fail', next: 'stop', reasons: ['model size in MiB is 0.191; at most 0.100 is allowed'] },
  ],
  [
    'label coverage can be a gate of its own',
    { gates: gates({ absolute: [{ metric: 'labelCoverage', min: 0.97 }] }) },
    { face: 'fail', next: 'stop', reasons: [/label coverage is 0.965/] },
  ],

  // Against the champion.
  [
    'better but not proven better is inconclusive',
    { evaluation: withDifferences({ auc: bootstrap(0.01, 0.01), logLoss: mean(-0.01, 0.03) }) },
    {
      face: 'inconclusive',
      next: 'stop',
      reasons: [/^not proven better than the champion: AUC \+0.010 \[−0.011, \+0.031\] at α 2.5% a side$/],
    },
  ],
  [
    'proven worse fails',
    { evaluation: withDifferences({ auc: bootstrap(-0.05, 0.01), logLoss: mean(0.19, 0.05) }) },
    {
      face: 'fail',
      next: 'stop',
      reasons: [/^proven worse than the champion: AUC −0.050/, /^proven worse than the champion by more than 0.020: log-loss \+0.190/],
    },
  ],
  [
    'a superiority margin that is excluded fails',
    { gates: gates({ againstChampion: [{ metric: 'auc', test: 'superiority', margin: 0.2 }] }) },
    { face: 'fail', next: 'stop', reasons: [/^proven not better than the champion by more than 0.200/] },
  ],
  [
    'maybe worse than the margin is inconclusive',
    { evaluation: withDifferences({ auc: bootstrap(0.041, 0.009), logLoss: mean(0.01, 0.1) }) },
    { face: 'inconclusive', next: 'stop', reasons: [/^may be worse than the champion by more than 0.020/] },
  ],
  [
    'the same model is not worse',
    {
      gates: gates({ againstChampion: [{ metric: 'logLoss', test: 'nonInferiority', margin: 0.02 }] }),
      evaluation: withDifferences({ logLoss: mean(0) }),
    },
    { face: 'pass', next: 'proceed' },
  ],
  [
    'the same model is not better',
    { gates: gates({ againstChampion: [{ metric: 'logLoss', test: 'superiority' }] }), evaluation: withDifferences({ logLoss: mean(0) }) },
    { face: 'inconclusive', next: 'stop' },
  ],
  [
    'the tenth comparison needs more proof than the first',
    { comparisonIndex: 10, evaluation: withDifferences({ auc: bootstrap(0.022, 0.009), logLoss: mean(-0.035, 0.03) }) },
    { face: 'inconclusive', next: 'stop', reasons: [/α 0.045% a side/] },
  ],
  [
    'nine days are too few blocks',
    { evaluation: withDifferences({ auc: bootstrap(0.5, 0.001, 9), logLoss: mean(-0.5, 0.001, 9) }) },
    { face: 'inconclusive', next: 'stop', reasons: [/AUC against the champion: only 9 blocks/, /log-loss/] },
  ],
  [
    'rows that the champion was trained on are no baseline',
    { evaluation: evaluation({ differences: { ...evaluation().differences, champion: null } }) },
    { face: 'no-baseline', next: 'stop', reasons: [/no differences to the champion/, /no differences/] },
  ],
  [
    'a champion trained past the holdout’s start is no baseline, whatever differences are stated',
    { evaluation: evaluation({ arms: { ...evaluation().arms, champion: arm({ trainEnd: HOLDOUT.end }) } }) },
    { face: 'no-baseline', next: 'stop', reasons: [/the champion was trained up to 2013-07-01/, /not all later/] },
  ],
  [
    'a challenger trained past the holdout’s start is not judged by it',
    { evaluation: evaluation({ arms: { ...evaluation().arms, challenger: arm({ trainEnd: HOLDOUT.end }) } }) },
    { face: 'no-baseline', next: 'stop', reasons: [/the challenger was trained up to 2013-07-01/] },
  ],
  [
    'a challenger whose training end is unknown is not judged',
    { evaluation: evaluation({ arms: { ...evaluation().arms, challenger: arm({ trainEnd: null }) } }) },
    { face: 'no-baseline', next: 'stop', reasons: [/an unknown time/] },
  ],
  [
    'a champion that was not scored is no baseline',
    { evaluation: evaluation({ arms: { ...evaluation().arms, champion: null } }) },
    { face: 'no-baseline', next: 'stop', reasons: [/the champion was not scored/, /not scored/] },
  ],

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

  // The anchor.
  ['as good as the anchor passes', { gates: gates(anchorGate) }, { face: 'pass', next: 'proceed' }],
  [
    'many small steps down are seen against the anchor',
    {
      gates: gates(anchorGate),
      evaluation: withDifferences({ auc: bootstrap(0.041, 0.009), logLoss: mean(-0.035, 0.03) }, { logLoss: mean(0.05, 0.03) }),
    },
    { face: 'fail', next: 'stop', reasons: [/^proven worse than the frozen anchor by more than 0.020/] },
  ],
  [
    'an anchor that was not scored is no baseline',
    { gates: gates(anchorGate), evaluation: evaluation({ arms: { ...evaluation().arms, anchor: null } }) },
    { face: 'no-baseline', next: 'stop', reasons: [/the frozen anchor was not scored/] },
  ],
  [
    'without an anchor a person signs one',
    { gates: gates(anchorGate), anchorExists: false },
    { face: 'no-baseline', next: 'askPerson', reasons: [/a person must sign one/] },
  ],

  // Slices.
  ['slices that are fine pass', { gates: gates(sliceGate) }, { face: 'pass', next: 'proceed', notes: [] }],
  [
    'a slice that is proven worse vetoes',
    { gates: gates(sliceGate), evaluation: evaluation({ slices: [slice('EWR', mean(-0.03, 0.05)), slice('JFK', mean(0.1, 0.05))] }) },
    {
      face: 'fail',
      next: 'stop',
      reasons: [/^proven worse by more than 0.020 than the champion in log-loss for origin=JFK \+0.100 \(Holm over 2 slices at 0.05\)$/],
    },
  ],
  [
    'a slice that only looks worse is told',
    { gates: gates(sliceGate), evaluation: evaluation({ slices: [slice('JFK', mean(0.03, 0.3))] }) },
    { face: 'pass', next: 'proceed', notes: ['origin=JFK: log-loss looks worse by 0.030, which is not proven'] },
  ],
  [
    'a slice with few blocks is told',
    { gates: gates(sliceGate), evaluation: evaluation({ slices: [slice('EWR', mean(-0.03, 0.05)), slice('JFK', mean(0.5, 0.05, 9))] }) },
    { face: 'pass', next: 'proceed', notes: ['origin=JFK: not tested, only 9 blocks, at least 10 are needed'] },
  ],
  [
    'where no slice can be tested nothing is known',
    { gates: gates(sliceGate), evaluation: evaluation({ slices: [slice('JFK', mean(0, 0.05, 9)), slice('EWR', undefined)] }) },
    { face: 'inconclusive', next: 'stop', reasons: ['none of 2 slices by origin could be tested'] },
  ],
  [
    'slices that were not evaluated are no data',
    { gates: gates({ slices: [{ by: 'carrier', metric: 'logLoss' }] }) },
    { face: 'no-data', next: 'stop', reasons: ['no slice by carrier was evaluated'] },
  ],
  [
    'slices without a baseline are no baseline',
    {
      gates: gates({ againstChampion: [], ...sliceGate }),
      evaluation: evaluation({ differences: { ...evaluation().differences, champion: null } }),
    },
    { face: 'no-baseline', next: 'stop' },
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

test.for(cases)('%s', ([, input, { reasons, notes, ...expected }]) => {
  const verdict = judge(judgeInput(input));
  expect(Verdict.parse(verdict)).toEqual(verdict);
  expect(verdict).toMatchObject(expected);
  for (const [seen, asked] of [
    [verdict.reasons, reasons],
    [verdict.notes, notes],
  ] as const) {
    if (asked === undefined) continue;
    expect(seen).toHaveLength(asked.length);
    for (const [index, sentence] of asked.entries()) {
      if (typeof sentence === 'string') expect(seen[index]).toBe(sentence);
      else expect(seen[index]).toMatch(sentence);
    }
  }
});

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
