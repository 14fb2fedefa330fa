import { analysisPlanOf, type AnalysisPlan } from '../../../../src/domain/decide/analysis/analysis-plan.js';
import { addWindow, assess, beginAnalysis, type AnalysisState } from '../../../../src/domain/decide/analysis/analyse.js';
import { LATENCY_EDGES_MS, SCORE_BINS } from '../../../../src/domain/latency-edges.js';
import { RolloutSpec } from '../../../../src/domain/rollout-spec.js';
import type { ArmCounts, TrafficWindow } from '../../../../src/domain/traffic-window.js';

/** One metric of each kind, and a second mean: six. */
export const SIX_METRICS: readonly object[] = [
  { kind: 'errors', shareMax: 0.5 },
  { kind: 'latency', p99MsMax: 2000 },
  { kind: 'mean', margin: 0.05, detect: 0.1 },
  { kind: 'mean', margin: 0.1, detect: 0.2, direction: 'up' },
  { kind: 'distribution' },
  { kind: 'quality', margin: 0.02 },
];

export function rolloutOf(metrics: readonly object[], rest: object = {}): RolloutSpec {
  const steps = [{ kind: 'canary', weightPercent: 50, bakeSeconds: 60, bakeSecondsMax: 3600 }];
  return RolloutSpec.parse({ alpha: 0.05, steps, bake: { seconds: 3600 }, metrics, ...rest });
}

export function planOf(
  metrics: readonly object[],
  { offlineScores = null, isCompared = true, ...rest }: { offlineScores?: number[] | null; isCompared?: boolean; alpha?: number } = {},
): AnalysisPlan {
  return analysisPlanOf(rolloutOf(metrics, rest), offlineScores, { isCompared });
}

/** What an arm did: all answers within 8 ms, all scores in one bin, unless it is said otherwise. */
export function counts(units: number, { errors = 0, ms = 8, score = 0.25 } = {}): ArmCounts {
  const latency = Array<number>(LATENCY_EDGES_MS.length + 1).fill(0);
  latency[LATENCY_EDGES_MS.findIndex((edge) => ms <= edge)] = units;
  const scores = Array<number>(SCORE_BINS).fill(0);
  scores[Math.floor(score * SCORE_BINS)] = units;
  return { units, errors, latency, scores, scoreSum: units * score };
}

export function windowOf(index: number, arms: TrafficWindow['arms'], rest: Partial<TrafficWindow> = {}): TrafficWindow {
  const weights = { challenger: 50, baseline: 50 };
  return { startMs: index * 5000, endMs: index * 5000 + 5000, shift: 1, weights, mirror: null, arms, ...rest };
}

/** Adds windows until one says Failed. */
export function watch(
  plan: AnalysisPlan,
  windows: number,
  next: (index: number) => TrafficWindow,
  state: AnalysisState = beginAnalysis(plan),
): { state: AnalysisState; windows: number; phase: string } {
  for (let index = 0; index < windows; index++) {
    state = addWindow(plan, state, next(index));
    if (state.failed.length > 0) return { state, windows: index + 1, phase: 'Failed' };
  }
  return { state, windows, phase: assess(plan, state).phase };
}

/** What challenger and baseline get at this weight; 0: copies. */
export function shares(weight: number): { challenger: number; other: number } {
  return weight === 0 ? { challenger: 100, other: 100 } : { challenger: weight, other: Math.min(weight, 100 - weight) };
}
export const HALF = shares(50);
