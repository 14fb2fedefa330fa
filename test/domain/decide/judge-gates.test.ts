import { test } from 'vitest';
import { anchorGate, arm, bootstrap, evaluation, gates, HOLDOUT, mean, slice, sliceGate, withDifferences } from './evaluation.js';
import { expectVerdict, type VerdictCase } from './expect-verdict.js';

const cases: VerdictCase[] = [
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
    { face: 'no-baseline', next: 'stop', reasons: [/no differences to the champion/] },
  ],
  [
    'a champion trained past the holdout’s start is no baseline, whatever differences are stated',
    { evaluation: evaluation({ arms: { ...evaluation().arms, champion: arm({ trainEnd: HOLDOUT.end }) } }) },
    {
      face: 'no-baseline',
      next: 'stop',
      reasons: [/the champion was trained up to 2013-07-01.*not all later; a data window that ends 28 days later can be judged/],
    },
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
    { face: 'no-baseline', next: 'stop', reasons: [/the champion was not scored/] },
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
];

test.for(cases)('%s', ([, input, expected]) => expectVerdict(input, expected));
