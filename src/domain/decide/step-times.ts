import type { RolloutStep } from '../rollout-spec.js';

/** How long a step takes at least, and when an undecided one ends: ten times that where the spec does not say. Pure. */
export function bakeSecondsOf({ bakeSeconds, bakeSecondsMax }: RolloutStep): { bakeSeconds: number; bakeSecondsMax: number } {
  return { bakeSeconds, bakeSecondsMax: bakeSecondsMax ?? bakeSeconds * 10 };
}
