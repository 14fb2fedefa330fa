import type { QualityMetric } from '../evaluation-spec.js';
import { BLOCKS_MIN } from './paired-estimate.js';
import { studentTCdf, studentTQuantile } from './student-t.js';

/**
 * How far the difference of two models spreads from block to block, where nothing was measured yet: what days of flights
 * showed (a standard error of .0093 for AUC and .0125 for log-loss with 28 days). Other data differ by factors.
 */
export const ASSUMED_BLOCK_SPREAD: Readonly<Record<QualityMetric, number>> = { auc: 0.05, logLoss: 0.065, brier: 0.025 };

export interface Detectability {
  /** The true improvement that is proven in `power` of all cycles; in the metric's units, ≥ 0. */
  readonly detectable: number;
  /** The share of cycles in which an equally good challenger passes a non-inferiority gate with this margin. */
  passIfEqual(margin: number): number;
}

/**
 * What a window of K blocks can show at all, one-sided at α: (t(α) + t(1 − power)) · spread/√K.
 * Null where nothing can be shown: fewer than ten blocks. `spread` is the standard deviation of block means:
 * what past evidence shows (its standard error · √K), else `ASSUMED_BLOCK_SPREAD`.
 */
export function detectableDifference(blocks: number, alpha: number, spread: number, power = 0.8): Detectability | null {
  if (!(blocks >= BLOCKS_MIN) || !(spread > 0) || !(alpha > 0 && alpha < 1)) return null;
  const standardError = spread / Math.sqrt(blocks);
  const reach = studentTQuantile(alpha, blocks - 1);
  return {
    detectable: (reach + studentTQuantile(1 - power, blocks - 1)) * standardError,
    // The difference of two normal quantiles, taken from t: rough, as the spread itself is.
    passIfEqual: (margin) => studentTCdf(margin / standardError - reach, blocks - 1),
  };
}
