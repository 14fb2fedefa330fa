import type { Arm } from '../serving.js';
import type { ArmCounts, TrafficWindow } from '../traffic-window.js';

/** Counters as read at one time. */
export interface Counters {
  readonly atMs: number;
  readonly arms: Readonly<Partial<Record<Arm, ArmCounts>>>;
}

/** How the router divides requests, as read back; `shift` null: not as it was asked, so nothing may be counted. */
export interface SplitInForce {
  readonly shift: number | null;
  readonly weights: Readonly<Partial<Record<Arm, number>>>;
  readonly mirror: Arm | null;
}

/**
 * What happened between two readings. Pure. Where a proxy's counters fell (it was started again) the window does not count;
 * where only a model server's did, its scores are left out and its requests count: crashes are what is looked for.
 */
export function windowBetween(before: Counters, after: Counters, split: SplitInForce): TrafficWindow {
  const arms: Partial<Record<Arm, ArmCounts>> = {};
  let hasFallen = false;
  for (const [arm, now] of Object.entries(after.arms) as [Arm, ArmCounts][]) {
    const then = before.arms[arm];
    if (then === undefined) continue;
    const counts = {
      units: now.units - then.units,
      errors: now.errors - then.errors,
      latency: minus(now.latency, then.latency),
      ...scoresBetween(then, now),
    };
    if ([counts.units, counts.errors, ...counts.latency].some((count) => count < 0)) hasFallen = true;
    // An answer may be counted as an error before its request is, by a reading in between.
    else arms[arm] = { ...counts, units: Math.max(counts.units, counts.errors) };
  }
  return { startMs: before.atMs, endMs: after.atMs, ...split, shift: hasFallen ? null : split.shift, arms };
}

function scoresBetween(then: ArmCounts, now: ArmCounts): Pick<ArmCounts, 'scores' | 'scoreSum'> {
  const scores = minus(now.scores, then.scores);
  const hasFallen = scores.some((count) => count < 0);
  return hasFallen ? { scores: scores.map(() => 0), scoreSum: 0 } : { scores, scoreSum: Math.max(0, now.scoreSum - then.scoreSum) };
}

function minus(now: readonly number[], then: readonly number[]): number[] {
  return now.map((count, index) => count - (then[index] ?? 0));
}
