import type { AnalysisPhase } from '../analysis.js';

/**
 * What a watch waits for. step: a decision. hold: harm only, while a person has paused. bake: harm, for the whole time; what cannot
 * be measured is told, and ends it only where somebody else has divided the requests: then they must be divided anew.
 */
export type WatchMode = 'step' | 'hold' | 'bake';

export interface WatchTimes {
  /** Milliseconds since 1970: not passed before. */
  readonly passAtMs: number;
  /** Undecided by then is the end. */
  readonly endAtMs: number;
  readonly errorSecondsMax: number;
}

export interface WatchFacts {
  readonly nowMs: number;
  readonly errorSinceMs: number | null;
  readonly supersededSinceMs: number | null;
  readonly refused?: { readonly now: boolean; readonly ms: number };
}

/**
 * Whether a watch is over, and as what; null: it goes on. Pure.
 *
 * @param errorSinceMs since when nothing could be measured; null: it can be
 * @param supersededSinceMs since when another shift than that of the watch is the newest; null: it is not
 * @param refused whether all requests are refused, and for how long they were: of a bake that time is none
 */
export function endOfWatch(
  mode: WatchMode,
  phase: AnalysisPhase,
  { passAtMs, endAtMs, errorSecondsMax }: WatchTimes,
  { nowMs, errorSinceMs, supersededSinceMs, refused = { now: false, ms: 0 } }: WatchFacts,
): AnalysisPhase | null {
  if (phase === 'Failed') return 'Failed';
  const sinceMs = mode === 'bake' ? supersededSinceMs : errorSinceMs;
  if (sinceMs !== null && nowMs - sinceMs > errorSecondsMax * 1000) return 'Error';
  if (mode === 'hold') return null;
  if (mode === 'step' && phase === 'Successful' && errorSinceMs === null && nowMs >= passAtMs) return 'Successful';
  if (mode === 'bake') return refused.now || nowMs < endAtMs + refused.ms ? null : 'Inconclusive';
  return nowMs >= endAtMs ? 'Inconclusive' : null;
}
