import type { RolloutMetric } from '../../../domain/rollout-spec.js';
import type { Finding, Path } from '../problem.js';
import { beyondRange, emptyRange, round } from './mean-range.js';
import type { Rule } from './rule.js';

/** Metrics that could never speak, or that say the same twice. */
export const checkRolloutMetrics: Rule = ({ rollout }) => {
  if (rollout === undefined || rollout === null) return [];
  const { metrics } = rollout;
  return metrics.flatMap((metric, index): Finding[] => {
    const path: Path = ['spec', 'rollout', 'metrics', index];
    const first = metrics.findIndex((other) => questionOf(other) === questionOf(metric));
    return [...(first < index ? [twice(path, metric, first)] : []), ...checkMetric(path, metric)];
  });
};

function questionOf(metric: RolloutMetric): string {
  return metric.kind === 'kpi' ? `kpi ${metric.name}` : metric.kind;
}

function twice(path: Path, metric: RolloutMetric, first: number): Finding {
  const found = `${questionOf(metric)} as metrics[${first}] already`;
  return {
    path: [...path, 'kind'],
    severity: 'error',
    expected: 'each kind once',
    found,
    remedy: 'remove one of them: they would share alpha for one question',
  };
}

function checkMetric(path: Path, metric: RolloutMetric): Finding[] {
  switch (metric.kind) {
    case 'errors':
    case 'latency':
      return metric.detect > 1 + metric.margin ? [] : [notBeyond(path, metric.detect, 1 + metric.margin, '1 + margin')];
    case 'mean':
      return checkMean(path, metric);
    case 'distribution':
    case 'quality':
    case 'kpi':
      return []; // what asks for labels is told by the rule of its own
  }
}

function notBeyond(path: Path, detect: number, limit: number, name: string): Finding {
  const remedy = 'name a regression that lies beyond what the margin allows: within it nothing is harm';
  return {
    path: [...path, 'detect'],
    severity: 'error',
    expected: `more than ${name} (${round(limit)})`,
    found: String(detect),
    remedy,
  };
}

function checkMean(path: Path, { min, max, margin, detect }: Extract<RolloutMetric, { kind: 'mean' }>): Finding[] {
  if (min >= max) return [emptyRange(path, min, max)];
  const findings = (['margin', 'detect'] as const).flatMap((key): Finding[] => {
    const value = key === 'margin' ? margin : detect;
    if (value < max - min) return [];
    return [beyondRange([...path, key], value, max - min)];
  });
  if (margin === 0) {
    const message = 'any difference at all is harm, and where the arms are of unequal size the means of skewed values differ by chance';
    findings.push({ path: [...path, 'margin'], severity: 'warning', message, remedy: 'write the difference that nobody would mind' });
  }
  return detect > margin ? findings : [...findings, notBeyond(path, detect, margin, 'margin')];
}
