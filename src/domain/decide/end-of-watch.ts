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

/**
 * Whether a watch is over, and as what; null: it goes on. Pure.
 *
 * @param errorSinceMs since when nothing could be measured; null: it can be
 * @param supersededSinceMs since when another shift than that of the watch is the newest; null: it is not
 */
export function endOfWatch(
  mode: WatchMode,
  phase: AnalysisPhase,
  { passAtMs, endAtMs, errorSecondsMax }: WatchTimes,
  { nowMs, errorSinceMs, supersededSinceMs }: { nowMs: number; errorSinceMs: number | null; supersededSinceMs: number | null },
): AnalysisPhase | null {
  if (phase === 'Failed') return 'Failed';
  const sinceMs = mode === 'bake' ? supersededSinceMs : errorSinceMs;
  if (sinceMs !== null && nowMs - sinceMs > errorSecondsMax * 1000) return 'Error';
  if (mode === 'hold') return null;
  if (mode === 'step' && phase === 'Successful' && errorSinceMs === null && nowMs >= passAtMs) return 'Successful';
  return nowMs >= endAtMs ? 'Inconclusive' : null;
}
