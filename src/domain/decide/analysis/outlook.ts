import type { RolloutMetric, RolloutSpec } from '../../rollout-spec.js';
import { bakeSecondsOf } from '../step-times.js';
import { comparedPercents } from '../traffic-splits.js';
import { analysisPlanOf, type PlannedMetric } from './analysis-plan.js';
import { FIRST_LOOK, SCORES_MIN } from './distribution.js';
import { errorWindowsNeeded } from './errors.js';
import { latencyWindowsNeeded } from './latency.js';
import { meanWindowsNeeded } from './mean.js';

export interface StepOutlook {
  /** Of rollout.steps. */
  readonly step: number;
  /** Of rollout.metrics: the one that takes longest. */
  readonly metric: number;
  readonly kind: RolloutMetric['kind'];
  /** Until its named regression would be found with 90% power; null: it hardly ever would. */
  readonly windows: number | null;
  readonly seconds: number | null;
  readonly bakeSecondsMax: number;
}

/**
 * How long each step takes at least until it may pass, at the stated traffic; empty where none is stated, and without what
 * waits for labels. Answers are taken to
 * spread as log-normal times (σ .5) and scores with a standard deviation of a sixth of their range. Pure.
 */
export function rolloutOutlook(rollout: RolloutSpec): StepOutlook[] {
  const { traffic, steps, windowSeconds } = rollout;
  if (traffic === undefined) return [];
  const { metrics } = analysisPlanOf(rollout, null, { isCompared: true });
  const counted = metrics.filter(({ spec }) => spec.kind !== 'quality' && spec.kind !== 'kpi');
  if (counted.length === 0) return [];
  return steps.map((step, index): StepOutlook => {
    const percents = comparedPercents(step, rollout);
    const perWindow = (percent: number): number => (traffic.requestsPerSecond * windowSeconds * percent) / 100;
    const units = { mine: perWindow(percents.challenger), theirs: perWindow(percents.other) };
    const { bakeSecondsMax } = bakeSecondsOf(step);
    const needed = counted.map((metric) => windowsNeeded(metric, units, { errorShare: traffic.errorShare, stake: index + 1 }));
    const slowest = needed.reduce<number>((worst, count, at) => ((count ?? Infinity) > (needed[worst] ?? Infinity) ? at : worst), 0);
    const windows = needed[slowest] ?? null;
    const seconds = windows === null ? null : windows * windowSeconds;
    const { spec } = counted[slowest]!;
    return { step: index, metric: metrics.indexOf(counted[slowest]!), kind: spec.kind, windows, seconds, bakeSecondsMax };
  });
}

function windowsNeeded(
  { spec, alpha }: PlannedMetric,
  { mine, theirs }: { mine: number; theirs: number },
  { errorShare, stake }: { errorShare: number; stake: number },
): number | null {
  const equal = Math.min(mine, theirs);
  switch (spec.kind) {
    case 'errors': {
      const unitsPerWindow = Math.min(mine / (1 + spec.margin), theirs);
      const ratio = spec.detect / (1 + spec.margin);
      return errorWindowsNeeded({
        unitsPerWindow,
        share: errorShare,
        ratio,
        alpha: spec.shareMax === undefined ? alpha : alpha / 2,
        stake,
      });
    }
    case 'latency':
      return latencyWindowsNeeded(spec, equal, alpha, stake);
    case 'mean':
      return meanWindowsNeeded(spec, equal, alpha, stake);
    case 'distribution':
      return Math.max(FIRST_LOOK, Math.ceil(SCORES_MIN / mine));
    case 'quality':
    case 'kpi':
      return null;
  }
}
