import { BLOCKS_MIN } from '../../../domain/decide/paired-estimate.js';
import type { QualityMetric } from '../../../domain/evaluation-spec.js';
import type { Finding, Path } from '../problem.js';
import type { Rule } from './rule.js';

const DAY_MS = 86_400_000;

/** Gates may only ask about what is evaluated. */
export const checkMetrics: Rule = ({ evaluation, gates }) => {
  if (evaluation === null || gates === null) return [];
  const quality: readonly string[] = ['auc', 'logLoss', 'brier'] satisfies QualityMetric[];
  const lists = ['absolute', 'againstChampion', 'againstAnchor', 'slices', 'maxImprovement'] as const;
  return lists.flatMap((list) =>
    gates[list].flatMap(({ metric }, index): Finding[] => {
      if (!quality.includes(metric) || evaluation.metrics.some((evaluated) => evaluated === metric)) return [];
      const expected = `one of evaluation.metrics: ${evaluation.metrics.join(', ')}`;
      return [
        {
          path: ['spec', 'gates', list, index, 'metric'],
          severity: 'error',
          expected,
          found: metric,
          remedy: `add ${metric} to evaluation.metrics`,
        },
      ];
    }),
  );
};

export const checkWindow: Rule = ({ data, evaluation }, { nowMs }) => {
  if (data === null) return [];
  const { start, days, holdoutDays } = data.window;
  const at = (key: string): Path => ['spec', 'data', 'window', key];
  const findings: Finding[] = [];
  if (days !== undefined && holdoutDays >= days) {
    findings.push({
      path: at('holdoutDays'),
      severity: 'error',
      expected: `less than the window of ${days} days`,
      found: String(holdoutDays),
      remedy: 'nothing would be left to train on: make the window longer or the holdout shorter',
    });
  }
  if (start !== undefined && Date.parse(start) + holdoutDays * DAY_MS >= nowMs) {
    findings.push({
      path: at('start'),
      severity: 'error',
      expected: `a start more than the holdout of ${holdoutDays} days ago`,
      found: start,
      remedy: 'nothing would be left to train on: start earlier',
    });
  }
  if (evaluation?.resampleBy === 'day' && holdoutDays < BLOCKS_MIN) {
    findings.push({
      path: at('holdoutDays'),
      severity: 'warning',
      message: `a holdout of ${holdoutDays} days has fewer than ${BLOCKS_MIN} blocks: every comparison will be inconclusive`,
      remedy: `hold back at least ${BLOCKS_MIN} days, better 28`,
    });
  }
  return findings;
};

/** Where our own decisions make the labels, measured quality is quality on the rows that we liked. */
export const checkSelectiveLabels: Rule = ({ data }) => {
  if (data === null || data.label.policy !== 'ownDecision' || data.label.acceptSelectiveLabels !== undefined) return [];
  return [
    {
      path: ['spec', 'data', 'label', 'policy'],
      severity: 'error',
      expected: 'labels that exist whatever the model says, or the reason why these are good enough',
      found: 'ownDecision without acceptSelectiveLabels',
      remedy: 'write acceptSelectiveLabels: with the reason (for instance a randomised share of rows that are always labelled)',
    },
  ];
};
