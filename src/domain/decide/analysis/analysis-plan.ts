import type { RolloutMetric, RolloutSpec } from '../../rollout-spec.js';
import type { MaturityRule } from '../mature-cohorts.js';

/** One metric with its share of the rollout's α. */
export interface PlannedMetric {
  /** Where it stands in the spec. */
  readonly name: string;
  readonly spec: RolloutMetric;
  readonly alpha: number;
}

/** What a rollout is judged by; plain JSON. */
export interface AnalysisPlan {
  readonly metrics: readonly PlannedMetric[];
  /** false: nobody answered before, so only absolute limits say anything. */
  readonly isCompared: boolean;
  /** The challenger's own answers in the evaluation, SCORE_BINS counts; null: unknown. */
  readonly offlineScores: readonly number[] | null;
  /** What is counted: requests, each drawn anew, or callers, who come again in every window. */
  readonly unit: 'request' | 'key';
  /** What the errors' `detect` multiplies where the champion makes fewer. */
  readonly errorShareMin: number;
  /** When a day of labels may vote, and where days begin; absent: no metric asks for labels. */
  readonly labels?: LabelPlan;
  /** Alarms of people's own that turn back; absent: none. */
  readonly alarms?: readonly string[];
}

export interface LabelPlan extends MaturityRule {
  readonly timeZone: string;
  /** Whether the spec says why labels that our own output let exist are good enough; absent: of before anybody asked. */
  readonly acceptsSelective?: boolean;
}

/** Shares α among the metrics by weight: the chance that any of them turns a harmless challenger back is at most α. Pure. */
export function analysisPlanOf(
  { alpha, metrics, unit, traffic }: Pick<RolloutSpec, 'alpha' | 'metrics' | 'unit' | 'traffic'>,
  offlineScores: readonly number[] | null,
  { isCompared, labels, alarms = [] }: { isCompared: boolean; labels?: LabelPlan; alarms?: readonly string[] },
): AnalysisPlan {
  const asksForLabels = metrics.some(({ kind }) => kind === 'quality' || kind === 'kpi');
  const total = metrics.reduce((sum, { weight }) => sum + weight, 0);
  return {
    metrics: metrics.map((spec, index) => ({ name: `rollout.metrics[${index}]`, spec, alpha: (alpha * spec.weight) / total })),
    isCompared,
    unit,
    offlineScores,
    errorShareMin: traffic?.errorShare ?? 0.001,
    ...(asksForLabels && labels && { labels }),
    ...(alarms.length > 0 && { alarms }),
  };
}
