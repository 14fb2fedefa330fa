import { test } from 'vitest';
import { expectProblems, type Mistake } from './expect-problems.js';

/** Thresholds: what is replaced in the good file, by what, and all that is said about it. */
const mistakes: Mistake[] = [
  [
    'no threshold at all',
    '    absolute:\n      - { metric: auc, min: 0.65 }\n      - { metric: calibrationGap, max: 0.1 }\n    againstChampion:\n      - { metric: auc, test: superiority }\n      - { metric: logLoss, test: nonInferiority, margin: 0.02 }\n    slices:\n      - { by: origin, metric: logLoss, margin: 0.02 }\n',
    '',
    '36:3: error: spec.gates: there is no threshold at all, so nothing could be proven. Write down what a model must reach, e.g. absolute: [{ metric: auc, min: 0.65 }]',
  ],
  [
    'vetoes and no threshold',
    '    absolute:\n      - { metric: auc, min: 0.65 }\n      - { metric: calibrationGap, max: 0.1 }\n    againstChampion:\n      - { metric: auc, test: superiority }\n      - { metric: logLoss, test: nonInferiority, margin: 0.02 }\n',
    '',
    '36:3: error: spec.gates: slices only veto, and there is no other threshold, so nothing could be proven. Write down what a model must reach, e.g. absolute: [{ metric: auc, min: 0.65 }]',
  ],
  [
    'an absolute gate without limits',
    '{ metric: auc, min: 0.65 }',
    '{ metric: auc }',
    '40:9: error: spec.gates.absolute[0]: expected min, max or both, found {"metric":"auc"}',
  ],
  [
    'an AUC in percent',
    'min: 0.65',
    'min: 65',
    '40:29: error: spec.gates.absolute[0].min: expected a number from 0 to 1 (auc is never anything else), found 65. Not a percentage: 65% is 0.65',
  ],
  [
    'an AUC above 1',
    'min: 0.65',
    'min: 1.2',
    '40:29: error: spec.gates.absolute[0].min: expected a number from 0 to 1 (auc is never anything else), found 1.2',
  ],
  [
    'an AUC of a coin',
    'min: 0.65',
    'min: 0.5',
    '40:29: warning: spec.gates.absolute[0].min: an AUC of 0.5 is reached by tossing a coin. Ask for more than 0.5',
  ],
  [
    'a negative gap',
    'max: 0.1 }',
    'max: -0.1 }',
    '41:40: error: spec.gates.absolute[1].max: expected a number from 0 to 1 (calibrationGap is never anything else), found -0.1',
  ],
  [
    'a minimum above its maximum',
    'min: 0.65',
    'min: 0.8, max: 0.7',
    '40:29: error: spec.gates.absolute[0].min: expected at most the max of 0.7, found 0.8. No model could satisfy both: exchange them',
  ],
  [
    'a minimum above what another gate allows',
    '{ metric: calibrationGap, max: 0.1 }',
    '{ metric: auc, max: 0.6 }',
    '40:29: error: spec.gates.absolute[0].min: expected at most the max of 0.6 that another gate asks of auc, found 0.65. No model could satisfy both',
  ],
  [
    'a maximum that no model reaches',
    '{ metric: calibrationGap, max: 0.1 }',
    '{ metric: latencyMsP99, max: 0 }',
    '41:38: error: spec.gates.absolute[1].max: expected more than 0: no model has a latencyMsP99 of 0, found 0. Write the greatest value that is good enough',
  ],
  [
    'a minimum where less is better',
    '{ metric: calibrationGap, max: 0.1 }',
    '{ metric: calibrationGap, min: 0.1 }',
    '41:35: warning: spec.gates.absolute[1].min: less is better for calibrationGap, and only its least value is limited. Write max: 0.1',
  ],
  [
    'an upper limit on AUC that only bad models keep',
    '{ metric: auc, min: 0.65 }',
    '{ metric: auc, max: 0.5 }',
    '40:29: error: spec.gates.absolute[0].max: expected more than 0.5: what is good has more, found 0.5. Write as min what auc must reach',
  ],
  [
    'an upper limit on coverage that no evaluation keeps',
    '{ metric: calibrationGap, max: 0.1 }',
    '{ metric: labelCoverage, max: 0 }',
    '41:39: error: spec.gates.absolute[1].max: expected more than 0: what is good has more, found 0. Write as min what labelCoverage must reach',
  ],
  [
    'an upper limit on coverage below what is asked of every evaluation',
    '{ metric: calibrationGap, max: 0.1 }',
    '{ metric: labelCoverage, max: 0.5 }',
    '41:39: error: spec.gates.absolute[1].max: expected at least the labelCoverageMin of 0.9, found 0.5. No evaluation could satisfy both',
  ],
  [
    'a maximum where more is better',
    '      - { metric: auc, min: 0.65 }\n      - { metric: calibrationGap, max: 0.1 }\n    againstChampion:\n      - { metric: auc, test: superiority }\n',
    '      - { metric: auc, max: 0.99 }\n    againstChampion:\n',
    '40:24: warning: spec.gates.absolute[0].max: more is better for auc, and only its greatest value is limited. Add min',
  ],
  ['a guard against what is too good, beside what must be reached', '{ metric: auc, min: 0.65 }', '{ metric: auc, min: 0.65, max: 0.99 }'],
  [
    'a margin in percent',
    'test: nonInferiority, margin: 0.02',
    'test: nonInferiority, margin: 2',
    '44:58: error: spec.gates.againstChampion[1].margin: expected less than 0.693: all that lies between a perfect logLoss and one of a model that knows nothing, found 2. Not a percentage: 2% is 0.02',
  ],
  [
    'a margin that lets everything through',
    'test: superiority',
    'test: superiority, margin: 0.5',
    '43:51: error: spec.gates.againstChampion[0].margin: expected less than 0.5: all that lies between a perfect auc and one of a model that knows nothing, found 0.5. Write the difference in the measure’s own units',
  ],
  [
    'non-inferiority without a margin',
    'test: nonInferiority, margin: 0.02',
    'test: nonInferiority',
    '44:9: error: spec.gates.againstChampion[1].margin: expected more than 0 for nonInferiority, found nothing. Write the difference that would not matter; with 0 it is superiority',
  ],
  [
    'an improvement that no model can make',
    'delta: 0.1',
    'delta: 0.5',
    '48:31: error: spec.gates.maxImprovement[0].delta: expected less than 0.5: all that lies between a perfect auc and one of a model that knows nothing, found 0.5. Write the difference in the measure’s own units',
  ],
  [
    'the same gate twice',
    '{ metric: auc, test: superiority }',
    '{ metric: logLoss, test: nonInferiority, margin: 0.1 }',
    '44:9: warning: spec.gates.againstChampion[1]: a second logLoss nonInferiority gate: only the stricter one counts. Remove one of them',
  ],
  [
    'a gate on what is not evaluated',
    '{ metric: auc, test: superiority }',
    '{ metric: brier, test: superiority }',
    '43:19: error: spec.gates.againstChampion[0].metric: expected one of evaluation.metrics: auc, logLoss, found brier. Add brier to evaluation.metrics',
  ],
  [
    'a slice gate that is not evaluated',
    'slices: [{ by: origin }]',
    'slices: []',
    '46:15: error: spec.gates.slices[0].by: expected a slice of evaluation.slices (there is none), found "origin". Add { by: origin } to evaluation.slices',
  ],
  [
    'gates against the anchor alone',
    '    againstChampion:\n      - { metric: auc, test: superiority }\n',
    '    againstAnchor:\n',
    '36:3: warning: spec.gates: no gate holds the challenger against the champion: the anchor alone allows many small steps down. Add againstChampion: [{ metric: logLoss, test: nonInferiority, margin: 0.02 }] or a superiority gate',
  ],
  [
    'no gate against champion or anchor',
    '    againstChampion:\n      - { metric: auc, test: superiority }\n      - { metric: logLoss, test: nonInferiority, margin: 0.02 }\n',
    '',
    '36:3: warning: spec.gates: no gate holds the challenger against the champion: a model worse than the champion could replace it. Add againstChampion: [{ metric: logLoss, test: nonInferiority, margin: 0.02 }] or a superiority gate',
  ],
  [
    'a first champion that can never be',
    'whenNoChampion: requireApproval',
    'whenNoChampion: fail',
    '38:21: warning: spec.gates.whenNoChampion: whenNoChampion is fail: no model can ever become the first champion. Write whenNoChampion: requireApproval, at least until the first one is promoted',
  ],
  [
    'a first champion that is held to nothing',
    '    whenNoChampion: requireApproval\n    absolute:\n      - { metric: auc, min: 0.65 }\n      - { metric: calibrationGap, max: 0.1 }\n',
    '    whenNoChampion: pass\n',
    '38:21: warning: spec.gates.whenNoChampion: no absolute gate holds the first model to anything: none can ever become the first champion. Add absolute gates, or write whenNoChampion: requireApproval',
  ],
];

test.for(mistakes)('%s', ([, from, to, ...problems]) => expectProblems(from, to, problems));
