import type { AnalysisState } from '../../../../src/domain/decide/analysis/analyse.js';
import { addLabels, addWindow, beginAnalysis } from '../../../../src/domain/decide/analysis/analyse.js';
import { analysisPlanOf, type AnalysisPlan } from '../../../../src/domain/decide/analysis/analysis-plan.js';
import type { LabelledDay } from '../../../../src/domain/label-reading.js';
import { counts, rolloutOf, windowOf } from './windows.js';

export const DAY_MS = 86_400_000;
const delayHours = 24;
const labels = { timeZone: 'UTC', delayHours, coverageMin: 0.5, coverageDropMax: 0.2, acceptsSelective: false };

export function labelledPlan(metrics: readonly object[], rest: object = {}): AnalysisPlan {
  return analysisPlanOf(rolloutOf(metrics, rest), null, { isCompared: true, labels });
}

const name = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** A day of 1,000 pairs, of which so many are labelled, and by how much the challenger's loss was greater. */
export function pairedDay(day: number, logLoss: number | null, { labelled = 900, censored = 0 } = {}): LabelledDay {
  const known = { predictions: 1000, labelled, censored };
  return {
    day: name(day),
    startMs: day * DAY_MS,
    endMs: (day + 1) * DAY_MS,
    ...known,
    pairs: { ...known, logLoss, brier: logLoss },
    arms: {},
  };
}

/** A day on which both arms answered 500 requests of their own. */
export function kpiDay(
  day: number,
  mine: number,
  theirs: number,
  { labelled = 480, theirLabelled = labelled }: { labelled?: number; theirLabelled?: number } = {},
): LabelledDay {
  const arm = (mean: number, count: number) => ({ predictions: 500, kpis: { revenue: { labelled: count, mean } } });
  const known = { predictions: 1000, labelled: labelled + theirLabelled, censored: 0 };
  const arms = { challenger: arm(mine, labelled), baseline: arm(theirs, theirLabelled) };
  return { day: name(day), startMs: day * DAY_MS, endMs: (day + 1) * DAY_MS, ...known, pairs: null, arms };
}

/** A state that has seen traffic: copies, or a share under this shift from this time on. */
export function withTraffic(
  plan: AnalysisPlan,
  { mirror = 'challenger' as 'challenger' | null, shift = 1, atMs = 0 } = {},
  state = beginAnalysis(plan),
): AnalysisState {
  const arms = { challenger: counts(100), ...(mirror === null ? { baseline: counts(100) } : { champion: counts(100) }) };
  const weights = mirror === null ? { challenger: 50, baseline: 50 } : { champion: 100 };
  return addWindow(plan, state, { ...windowOf(0, arms), startMs: atMs, endMs: atMs + 5000, shift, mirror, weights });
}

/** Reads all days so far in the morning of each day, as a watch does. */
export function readDaily(plan: AnalysisPlan, days: readonly LabelledDay[], mornings: number, state = withTraffic(plan)): AnalysisState {
  for (let morning = 1; morning <= mornings; morning++) {
    const known = days.filter(({ startMs }) => startMs < morning * DAY_MS && startMs >= state.labels!.sinceMs! - DAY_MS);
    state = addLabels(plan, state, { asOfMs: morning * DAY_MS + 3_600_000, days: known, trouble: null });
  }
  return state;
}
