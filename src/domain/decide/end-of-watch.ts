import type { AnalysisPhase } from '../analysis.js';

/** What a watch waits for. step: a decision. hold: harm only, while a person has paused. bake: harm, for the whole time. */
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
 */
export function endOfWatch(
  mode: WatchMode,
  phase: AnalysisPhase,
  { passAtMs, endAtMs, errorSecondsMax }: WatchTimes,
  { nowMs, errorSinceMs }: { nowMs: number; errorSinceMs: number | null },
): AnalysisPhase | null {
  if (phase === 'Failed') return 'Failed';
  if (mode !== 'bake' && errorSinceMs !== null && nowMs - errorSinceMs > errorSecondsMax * 1000) return 'Error';
  if (mode === 'hold') return null;
  if (mode === 'step' && phase === 'Successful' && errorSinceMs === null && nowMs >= passAtMs) return 'Successful';
  return nowMs >= endAtMs ? 'Inconclusive' : null;
}
