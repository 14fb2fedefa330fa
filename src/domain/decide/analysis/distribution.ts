import type { MetricAnalysis } from '../../analysis.js';
import type { RolloutMetric } from '../../rollout-spec.js';
import type { PlannedMetric } from './analysis-plan.js';
import { inconclusive, ruling } from './metric-ruling.js';

type Spec = Extract<RolloutMetric, { kind: 'distribution' }>;
/** Looked at when so many windows have come, and at each doubling: few looks, each with its share of α. */
export const FIRST_LOOK = 8;
/** Answers before a look means anything. */
export const SCORES_MIN = 200;

export interface DistributionState {
  readonly windows: number;
  readonly scores: readonly number[];
  /** Looks so far, and what the last one found. */
  readonly looks: number;
  readonly psi: number | null;
  /** The lower limit at that look. */
  readonly lower: number | null;
}

export const beginDistribution = (): DistributionState => ({ windows: 0, scores: [], looks: 0, psi: null, lower: null });

/** The challenger's answers are gathered over the whole rollout: they are compared with its own, not with the other arm's. */
export function addDistribution(
  { alpha }: PlannedMetric,
  offline: readonly number[] | null,
  state: DistributionState,
  scores: readonly number[],
): DistributionState {
  if (total(scores) === 0) return state;
  const windows = state.windows + 1;
  const gathered = scores.map((count, bin) => count + (state.scores[bin] ?? 0));
  const next = { ...state, windows, scores: gathered };
  const isLook = windows >= FIRST_LOOK * 2 ** state.looks && total(gathered) >= SCORES_MIN;
  if (!isLook || offline === null || total(offline) === 0) return next;
  const looks = state.looks + 1;
  const psi = Math.max(0, populationStability(offline, gathered) - (offline.length - 1) / total(gathered));
  // Windows, not answers, are what is independent; the delta method on the PSI's own scale.
  const lower = psi - upperNormal(alpha / (looks * (looks + 1))) * 2 * Math.sqrt(psi / windows);
  return { ...next, looks, psi, lower };
}

export function assessDistribution(
  metric: PlannedMetric,
  spec: Spec,
  offline: readonly number[] | null,
  state: DistributionState,
): MetricAnalysis {
  const { psi, lower } = state;
  if (offline === null) return inconclusive(metric, { evidence: null, estimate: null }, 'the evaluation left no scores to compare with');
  if (psi === null || lower === null)
    return inconclusive(metric, { evidence: null, estimate: psi }, `fewer than ${FIRST_LOOK} windows or ${SCORES_MIN} answers yet`);
  const isHarm = lower > spec.psiMax;
  const seen = `PSI ${psi.toFixed(3)} against its own scores in the evaluation`;
  return {
    ...ruling(
      metric,
      { evidence: isHarm ? 1 / metric.alpha : 0, estimate: psi },
      {
        harm: `${seen}, proven above ${spec.psiMax}`,
        needed: psi <= spec.psiMax ? FIRST_LOOK : null,
        seen: state.windows,
        passed: `${seen}, at most ${spec.psiMax}`,
      },
    ),
    interval: { lower, upper: null },
  };
}

/** Population stability index of two histograms; an empty bin counts as half an event. */
export function populationStability(expected: readonly number[], found: readonly number[]): number {
  const share = (counts: readonly number[], bin: number): number => Math.max(0.5, counts[bin] ?? 0) / total(counts);
  return expected.reduce((sum, _, bin) => {
    if ((expected[bin] ?? 0) === 0 && (found[bin] ?? 0) === 0) return sum;
    const [e, f] = [share(expected, bin), share(found, bin)];
    return sum + (f - e) * Math.log(f / e);
  }, 0);
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** z with P(normal > z) = p, for small p (Abramowitz & Stegun 26.2.23, to 4.5e-4). */
function upperNormal(p: number): number {
  const t = Math.sqrt(-2 * Math.log(Math.min(0.5, p)));
  return t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t);
}
