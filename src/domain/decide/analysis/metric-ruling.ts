import type { MetricAnalysis } from '../../analysis.js';
import type { PlannedMetric } from './analysis-plan.js';

export interface Observed {
  readonly evidence: number | null;
  readonly estimate: number | null;
}

export interface Findings {
  /** What it means where the evidence is enough. */
  readonly harm: string;
  /** What it means where the named regression would have been found by now. */
  readonly passed: string;
  /** Windows, or whatever is counted, that it takes to find the named regression; null: it hardly ever would be found in what there is. */
  readonly needed: number | null;
  /** How many of them there were. */
  readonly seen: number;
  /** What is counted, and what it was seen in; absent: windows of traffic. */
  readonly counted?: string;
  readonly like?: string;
  /** Why it does not pass, however much was seen: what is seen is the named regression. Absent or null: nothing. */
  readonly doubt?: string | null;
}

/** A metric's phase from its evidence: harm is final, and only enough data is success. */
export function ruling(
  metric: PlannedMetric,
  { evidence, estimate }: Observed,
  { harm, passed, needed, seen, counted = 'windows', like = 'traffic like this', doubt = null }: Findings,
): MetricAnalysis {
  const failsAt = 1 / metric.alpha;
  const base = { metric: metric.name, kind: metric.spec.kind, evidence, failsAt, estimate, interval: null };
  if (evidence !== null && evidence >= failsAt) return { ...base, phase: 'Failed', reason: `${metric.spec.kind}: ${harm}` };
  if (needed !== null && seen >= needed)
    return { ...base, phase: doubt === null ? 'Successful' : 'Inconclusive', reason: `${metric.spec.kind}: ${doubt ?? passed}` };
  const missing =
    needed === null
      ? `the regression named in detect would hardly ever be found in ${like}`
      : `${seen} of ${needed} ${counted} that it takes`;
  return { ...base, phase: 'Inconclusive', reason: `${metric.spec.kind}: ${missing}` };
}

export function inconclusive(metric: PlannedMetric, { evidence, estimate }: Observed, reason: string): MetricAnalysis {
  const { name, spec, alpha } = metric;
  return {
    metric: name,
    kind: spec.kind,
    phase: 'Inconclusive',
    reason: `${spec.kind}: ${reason}`,
    evidence,
    failsAt: 1 / alpha,
    estimate,
    interval: null,
  };
}
