import type { ArmCounts, TrafficWindow } from '../../traffic-window.js';

/** The two arms of a window that are compared. */
export interface Pair {
  readonly challenger: ArmCounts;
  readonly other: ArmCounts;
  /** The challenger's share of what both got; 0.5 where one gets copies of the other's requests. */
  readonly share: number;
  /** Names the window: the same one is thinned the same. */
  readonly seed: number;
}

/**
 * Whom the challenger is compared with: the fresh baseline where there is one, else the champion. null: the window does not
 * count (the split changed), or one of the two got nothing to answer.
 */
export function pairOf({ arms, weights, mirror, shift, startMs }: TrafficWindow): Pair | null {
  const { challenger } = arms;
  const name = arms.baseline !== undefined && (weights.baseline ?? 0) > 0 ? 'baseline' : 'champion';
  const other = arms[name];
  if (shift === null || challenger === undefined || other === undefined) return null;
  if (challenger.units === 0 || other.units === 0) return null;
  const isMirrored = mirror === 'challenger' || mirror === name;
  const mine = weights.challenger ?? 0;
  const theirs = weights[name] ?? 0;
  if (!isMirrored && (mine <= 0 || theirs <= 0)) return null;
  return { challenger, other, share: isMirrored ? 0.5 : mine / (mine + theirs), seed: Math.round(startMs / 7) };
}

/** With which chance an event of each arm is kept, so that at a ratio of `allowed` both have the same number to expect. */
export function keepsOf(share: number, allowed: number): { challenger: number; other: number } {
  const expected = (share * allowed) / (1 - share);
  return { challenger: Math.min(1, 1 / expected), other: Math.min(1, expected) };
}
