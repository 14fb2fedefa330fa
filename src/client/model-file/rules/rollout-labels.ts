import { analysisPlanOf } from '../../../domain/decide/analysis/analysis-plan.js';
import { CALLER_GROUPS, daysNeeded, type LabelledSpec } from '../../../domain/decide/analysis/days.js';
import { bakeSecondsOf } from '../../../domain/decide/step-times.js';
import type { RolloutSpec } from '../../../domain/rollout-spec.js';
import type { Finding, Path } from '../problem.js';
import { beyondRange, emptyRange } from './mean-range.js';
import type { Rule, Sections } from './rule.js';

const DAY_SECONDS = 86_400;

/** Metrics on late labels: whether they can be known at all, and that they take days. */
export const checkRolloutLabels: Rule = ({ rollout, data }) => {
  if (rollout === undefined || rollout === null) return [];
  return rollout.metrics.flatMap((metric, index): Finding[] => {
    if (metric.kind !== 'quality' && metric.kind !== 'kpi') return [];
    const path: Path = ['spec', 'rollout', 'metrics', index];
    const impossible = metric.kind === 'quality' ? impossibleQuality(path, rollout) : impossibleKpi(path, metric, rollout);
    const found = [...(impossible.length > 0 ? impossible : selectiveLabels(path, data)), ...checkDetect(path, metric)];
    return found.some(({ severity }) => severity === 'error') ? found : [...found, ...tellDays(path, metric, index, rollout, data)];
  });
};

function impossibleQuality(path: Path, { steps }: RolloutSpec): Finding[] {
  if (steps.some(({ kind }) => kind === 'shadow')) return [];
  const remedy = 'add a shadow step before the first canary: only there both arms score every row';
  return [{ path: [...path, 'kind'], severity: 'error', expected: 'a step of kind shadow', found: 'none', remedy }];
}

function selectiveLabels(path: Path, data: Sections['data']): Finding[] {
  if (data?.label.policy !== 'ownDecision' || data.label.acceptSelectiveLabels !== undefined) return [];
  const remedy = 'remove it, or say in data.label.acceptSelectiveLabels why the labels that your own decisions let exist are good enough';
  return [
    {
      path: [...path, 'kind'],
      severity: 'error',
      expected: 'labels that do not depend on our own answers',
      found: 'data.label.policy: ownDecision',
      remedy,
    },
  ];
}

function impossibleKpi(
  path: Path,
  { min, max, margin, blocksMin }: Extract<LabelledSpec, { kind: 'kpi' }>,
  rollout: RolloutSpec,
): Finding[] {
  if (min >= max) return [emptyRange(path, min, max)];
  if (margin >= max - min) return [beyondRange([...path, 'margin'], margin, max - min)];
  if (rollout.unit === 'key' && blocksMin > CALLER_GROUPS) {
    const remedy = 'write fewer: where callers stay with an arm each votes once, and after so many days all have';
    const expected = `at most ${CALLER_GROUPS} where rollout.unit is key`;
    return [{ path: [...path, 'blocksMin'], severity: 'error', expected, found: String(blocksMin), remedy }];
  }
  if (!rollout.steps.some(({ kind }) => kind === 'canary')) {
    const remedy = 'add a canary step: only there each arm answers requests of its own';
    return [{ path: [...path, 'kind'], severity: 'error', expected: 'a step of kind canary', found: 'none', remedy }];
  }
  if (rollout.metrics.every(({ kind }) => kind === 'kpi') && rollout.steps.some(({ kind }) => kind === 'shadow')) {
    const remedy = 'add a metric that copies can be judged by, such as errors, or remove the shadow step';
    return [{ path: [...path, 'kind'], severity: 'error', expected: 'another metric for the shadow step', found: 'kpi alone', remedy }];
  }
  if (rollout.baseline === 'fresh') return [];
  const message =
    'the champion answers more requests than the challenger: the mean of fewer skewed values is more often on one side by chance';
  return [{ path: [...path, 'kind'], severity: 'warning', message, remedy: 'write rollout.baseline: fresh' }];
}

function checkDetect(path: Path, { detect, margin }: LabelledSpec): Finding[] {
  if (detect === undefined || detect > margin) return [];
  const remedy = 'name a regression that lies beyond what the margin allows: within it nothing is harm';
  return [{ path: [...path, 'detect'], severity: 'error', expected: `more than margin (${margin})`, found: String(detect), remedy }];
}

/** Even where all days agree; days that differ take more. */
function tellDays(path: Path, metric: LabelledSpec, index: number, rollout: RolloutSpec, data: Sections['data']): Finding[] {
  const stepIndex = rollout.steps.findIndex(({ kind }) => (metric.kind === 'quality') === (kind === 'shadow'));
  const days = daysNeeded(metric, rollout.unit, analysisPlanOf(rollout, null, { isCompared: true }).metrics[index]!.alpha, 0);
  if (stepIndex < 0) return [];
  if (days === null) {
    const remedy = 'give the metric more weight or the rollout more alpha, or write unit: request';
    return [
      { path, severity: 'warning', message: `it takes more days than callers can vote on (${CALLER_GROUPS}): the step turns back`, remedy },
    ];
  }
  const delayHours = data?.label.delayHours ?? 0;
  const callers = metric.kind === 'kpi' && rollout.unit === 'key' ? ` of a ${CALLER_GROUPS}th of the callers each` : '';
  const message = `it takes at least ${days} whole days${callers}, and ${delayHours} h until the labels of the last one are mature`;
  const { bakeSecondsMax } = bakeSecondsOf(rollout.steps[stepIndex]!);
  // The first day is not whole.
  const seconds = (days + 1) * DAY_SECONDS + delayHours * 3600;
  if (seconds <= bakeSecondsMax) return [{ path, severity: 'info', message, remedy: `steps[${stepIndex}] passes no sooner` }];
  const remedy = `write bakeSecondsMax: ${seconds} or more in steps[${stepIndex}], or remove the metric`;
  return [{ path, severity: 'warning', message: `${message}; steps[${stepIndex}] is given up after ${bakeSecondsMax} s`, remedy }];
}
