import type { BakeSpec, RolloutSpec, RolloutStep } from '../rollout-spec.js';
import type { Arm, Route } from '../serving.js';

/** Which running instance stands for which arm. */
export type ArmInstances = Readonly<{ challenger: string; champion: string | null; baseline: string | null }>;
export type Split = Pick<Route, 'splits' | 'mirror'>;

/** How a step divides the requests. Pure. Weights sum to 100; without a champion everything goes to the challenger. */
export function splitOfStep(step: RolloutStep, { bake }: Pick<RolloutSpec, 'bake'>, arms: ArmInstances): Split {
  if (arms.champion === null) return split(arms, { challenger: 100 });
  switch (step.kind) {
    case 'shadow':
      return split(arms, { champion: 100 }, 'challenger');
    case 'canary': {
      // The fresh baseline gets the challenger's weight, as far as there is any.
      const challenger = step.weightPercent;
      const baseline = arms.baseline === null ? 0 : Math.min(challenger, 100 - challenger);
      // In this order, callers who stay with a version are taken from the champion when the challenger's share grows.
      return split(arms, { challenger, champion: 100 - challenger - baseline, baseline });
    }
    case 'full':
      // Even where the bake compares with nobody: a step that cannot be judged could not pass.
      return splitOfBake(bake.compare === 'none' ? { ...bake, compare: 'holdback' } : bake, arms);
  }
}

/** What the challenger and the arm that it is compared with get of all requests; 100 and 100: copies of the same ones. Pure. */
export function comparedPercents(
  step: RolloutStep,
  { bake, baseline }: Pick<RolloutSpec, 'bake' | 'baseline'>,
): { challenger: number; other: number } {
  if (step.kind === 'shadow' || (step.kind === 'full' && bake.compare === 'mirror')) return { challenger: 100, other: 100 };
  if (step.kind === 'full') return { challenger: 100 - bake.holdbackPercent, other: bake.holdbackPercent };
  const challenger = step.weightPercent;
  return { challenger, other: baseline === 'fresh' ? Math.min(challenger, 100 - challenger) : 100 - challenger };
}

/** How the requests are divided while a promoted version bakes: what `compare` keeps with the version before it. Pure. */
export function splitOfBake({ compare, holdbackPercent }: BakeSpec, arms: ArmInstances): Split {
  if (arms.champion === null || compare === 'none') return split(arms, { challenger: 100 });
  if (compare === 'mirror') return split(arms, { challenger: 100 }, 'champion');
  return split(arms, { challenger: 100 - holdbackPercent, champion: holdbackPercent });
}

/** Everything to one version, as after a rollout, a bake or a turning back. */
export function splitOfChampion(instance: string): Split {
  return { splits: [{ arm: 'champion', instance, weightPercent: 100 }], mirror: null };
}

/** The challenger's share in a split: what the ledger must allow before. */
export function challengerPercent({ splits }: Split): number {
  return splits.filter(({ arm }) => arm === 'challenger').reduce((sum, { weightPercent }) => sum + weightPercent, 0);
}

function split(arms: ArmInstances, weights: Partial<Record<Arm, number>>, mirror: Arm | null = null): Split {
  const splits = (Object.entries(weights) as [Arm, number][])
    .filter(([arm, weightPercent]) => weightPercent > 0 && arms[arm] !== null)
    .map(([arm, weightPercent]) => ({ arm, instance: arms[arm]!, weightPercent }));
  return { splits, mirror: mirror === null ? null : { arm: mirror, instance: arms[mirror]! } };
}

/** Whether both send every request alike, whatever the arms are called. Pure. */
export function sameSplit(left: Split, right: Split): boolean {
  const inWords = ({ splits, mirror }: Split): string =>
    [...splits.map(({ instance, weightPercent }) => `${instance}=${weightPercent}`).sort(), mirror?.instance ?? ''].join(' ');
  return inWords(left) === inWords(right);
}
