import { expect, test } from 'vitest';
import type { Finding } from '../../../../src/domain/finding.js';
import type { MonitorOutput } from '../../../../src/domain/monitor-jobs.js';
import { cohort, labelledDays, monitorOutput } from '../../../fakes/monitor-output.js';
import { mean } from '../evaluation.js';
import { find, type Change } from './find.js';

/** A decay that is plain to see, where the labels can be trusted. */
const observe = (change: object): MonitorOutput =>
  monitorOutput({ cohort: cohort({ worse: 0.1 }), labels: { ...monitorOutput().labels!, ...change } });
const weeks = (count: number, labelled: number): number[] => Array.from({ length: 7 * count }, () => labelled);

type Case = [says: string, output: MonitorOutput, change: Change, state: Finding['state'], sentence: string];

test.for<Case>([
  [
    'decay is proven against a fresh refit',
    monitorOutput({ cohort: cohort({ worse: 0.03 }) }),
    {},
    'found',
    'is worse than a cheap model trained on what is known by now: logLoss worse by 0.030',
  ],
  [
    'a small difference is not told from none',
    monitorOutput({ cohort: cohort({ worse: 0.0055 }) }),
    {},
    'inconclusive',
    'cannot be told from',
  ],
  [
    'decay is proven against the anchor too',
    monitorOutput({
      cohort: cohort({ differences: { fresh: { logLoss: mean(0, 0.004) }, anchor: { logLoss: mean(0.05, 0.004) }, baseRate: null } }),
    }),
    {},
    'found',
    'the frozen anchor',
  ],
  [
    'auc counts the other way',
    monitorOutput({ cohort: cohort({ worse: 0.03 }) }),
    { settings: { decay: { metric: 'auc' } } },
    'found',
    'auc worse by 0.030',
  ],
  [
    'ten days are the least',
    monitorOutput({ cohort: cohort({ differences: { fresh: { logLoss: mean(0.1, 0, 9) }, anchor: null, baseRate: null } }) }),
    {},
    'inconclusive',
    'only 9 blocks',
  ],
  [
    'without a fresh refit nothing is said to be fine',
    monitorOutput({ cohort: cohort({ differences: { fresh: null, anchor: null, baseRate: { logLoss: mean(-0.03, 0.01) } } }) }),
    {},
    'inconclusive',
    'to train a fresh reference on',
  ],
  [
    'labels that are few are no ground',
    monitorOutput({ cohort: cohort({ worse: 0.1, labelCoverage: { overall: 0.3, byScoreDecile: [0.3], byMonth: [] } }) }),
    {},
    'inconclusive',
    'only 31% of 3,000 mature predictions are labelled or censored, 50% are needed',
  ],
  [
    'labels that depend on the score are no ground',
    monitorOutput({ cohort: cohort({ worse: 0.1, labelCoverage: { overall: 0.9, byScoreDecile: [0.6, 1], byMonth: [] } }) }),
    {},
    'inconclusive',
    'labels depend on the score',
  ],
  [
    'selective labels are refused',
    monitorOutput({ cohort: cohort({ worse: 0.1 }) }),
    { label: { policy: 'ownDecision' } },
    'inconclusive',
    'labels exist only where our own output decided so',
  ],
  [
    'selective labels are accepted with a reason',
    monitorOutput({ cohort: cohort({ worse: 0.1 }) }),
    { label: { policy: 'ownDecision', acceptSelectiveLabels: 'nothing else is to be had' } },
    'found',
    'is worse than',
  ],
  [
    'labels that say they are selective are refused',
    observe({ ownDecision: 12 }),
    {},
    'inconclusive',
    '12 labels exist only because our own output decided so',
  ],
  [
    'and are told to be unweighted, whatever their propensity',
    observe({ ownDecision: 12, propensities: 12 }),
    { label: { acceptSelectiveLabels: 'nothing else is to be had' } },
    'found',
    '12 of the labels exist because our own output decided so; each counts once, whatever its propensity.',
  ],
  [
    'a propensity is no weight',
    observe({ ownDecision: 12, propensities: 12 }),
    {},
    'inconclusive',
    'they are not weighted by their propensities',
  ],
  [
    'files that cannot be read are named, and nothing is decided without them',
    observe({ torn: ['labels/m/2013-06-10/07/a.parquet'] }),
    {},
    'inconclusive',
    'a file of the log or the labels cannot be read (labels/m/2013-06-10/07/a.parquet)',
  ],
  [
    'a week whose labels got lost in part makes it provisional',
    observe({ days: labelledDays([...weeks(3, 93), ...weeks(1, 60)]) }),
    {},
    'provisional',
    '7 of 28 days have other labels than those before them (2013-06-23: 60% of its predictions are settled, of the days before it 93%)',
  ],
  ['a day among many is not', observe({ days: labelledDays([...weeks(3, 93), 30, ...weeks(1, 93)]) }), {}, 'found', 'is worse than'],
  [
    'immature labels are provisional',
    monitorOutput({ cohort: null, early: { rows: 900, labelledRows: 300, metrics: { auc: 0.5, logLoss: 0.9, brier: 0.4 } } }),
    {},
    'provisional',
    '300 of 900 predictions have an early label (logLoss 0.900); they are mature after 24 hours',
  ],
])('%s', ([, output, change, state, sentence]) => {
  const finding = find('decay', output, change);
  expect(finding.sentence).toContain(sentence);
  expect(finding.state).toBe(state);
});
