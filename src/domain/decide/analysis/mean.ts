import type { MetricAnalysis } from '../../analysis.js';
import type { RolloutMetric } from '../../rollout-spec.js';
import type { ArmCounts } from '../../traffic-window.js';
import type { PlannedMetric } from './analysis-plan.js';
import { alphaIn, evidenceIn, harmOf } from './direction.js';
import { inconclusive, ruling } from './metric-ruling.js';
import type { Pair } from './pair.js';
import { addVotes, nextStake, noVotes, normalBelow, votesNeeded, type Votes } from './votes.js';

type Spec = Extract<RolloutMetric, { kind: 'mean' }>;
/** Answers of each arm that make one vote: fewer windows than these are gathered first. */
const BLOCK_UNITS = 20;

export interface MeanState {
  readonly up: Votes;
  readonly down: Votes;
  /** Gathered until both arms have a block: [count, sum] of each. */
  readonly open: readonly [challenger: readonly [number, number], other: readonly [number, number]];
  /** Of this step: votes, and the mean and sum of squared deviations of the differences (Welford). */
  readonly blocks: number;
  readonly windows: number;
  readonly mean: number;
  readonly m2: number;
}

const nothing = [
  [0, 0],
  [0, 0],
] as const;
export const beginMean = (): MeanState => ({ up: noVotes(1), down: noVotes(1), open: nothing, blocks: 0, windows: 0, mean: 0, m2: 0 });
export const beginMeanStep = ({ up, down }: MeanState): MeanState => ({ ...beginMean(), up: nextStake(up), down: nextStake(down) });

/** A block's difference of means beyond the margin is a vote. */
export function addMean(spec: Spec, state: MeanState, { challenger, other }: Pair): MeanState {
  const open = [gather(state.open[0], challenger), gather(state.open[1], other)] as const;
  const windows = state.windows + 1;
  if (open.some(([count]) => count < BLOCK_UNITS)) return { ...state, open, windows };
  const value = ([count, total]: readonly [number, number]): number => Math.min(spec.max, Math.max(spec.min, total / count));
  const difference = value(open[0]) - value(open[1]);
  const blocks = state.blocks + 1;
  const mean = state.mean + (difference - state.mean) / blocks;
  return {
    up: addVotes(state.up, [difference > spec.margin ? 1 : -1]),
    down: addVotes(state.down, [-difference > spec.margin ? 1 : -1]),
    open: nothing,
    blocks,
    windows,
    mean,
    m2: state.m2 + (difference - state.mean) * (difference - mean),
  };
}

export function assessMean(metric: PlannedMetric, spec: Spec, state: MeanState): MetricAnalysis {
  const { direction } = spec;
  const evidence = evidenceIn(direction, state);
  const observed = { evidence, estimate: state.blocks === 0 ? null : state.mean };
  if (state.blocks < 2) return inconclusive(metric, observed, `fewer than ${BLOCK_UNITS} answers of each arm, twice`);
  const sd = Math.sqrt(state.m2 / (state.blocks - 1));
  const chance = sd === 0 ? 0.999 : Math.min(0.999, normalBelow((spec.detect - spec.margin) / sd));
  const stakes = { up: state.up.stepStake ?? 1, down: state.down.stepStake ?? 1 };
  const stake = direction === 'either' ? Math.max(stakes.up, stakes.down) : stakes[direction];
  const votes = votesNeeded(chance, alphaIn(direction, metric.alpha), stake);
  return ruling(metric, observed, {
    harm: `the mean ${spec.of} differs by ${state.mean.toPrecision(3)}, more than ${spec.margin}`,
    needed: votes === null ? null : Math.ceil((votes * state.windows) / state.blocks),
    seen: state.windows,
    passed: `no difference ≥ ${spec.detect} found: ${state.mean.toPrecision(3)}`,
    doubt:
      harmOf(direction, state.mean) >= spec.detect ? `${state.mean.toPrecision(3)}, as much as detect names, and not proven yet` : null,
  });
}

/** Windows until the named difference is found with 90% power, at so many answers per window of each arm, of a spread of a sixth of the range; null: never. */
export function meanWindowsNeeded(
  { min, max, margin, detect, direction }: Spec,
  unitsPerWindow: number,
  alpha: number,
  stake: number,
): number | null {
  const windowsPerBlock = Math.max(1, BLOCK_UNITS / unitsPerWindow);
  const sd = ((max - min) / 6) * Math.sqrt(2 / (unitsPerWindow * windowsPerBlock));
  const votes = votesNeeded(Math.min(0.999, normalBelow((detect - margin) / sd)), alphaIn(direction, alpha), stake);
  return votes === null ? null : Math.ceil(votes * windowsPerBlock);
}

function gather([count, total]: readonly [number, number], { scores, scoreSum }: ArmCounts): readonly [number, number] {
  return [count + scores.reduce((sum, bin) => sum + bin, 0), total + scoreSum];
}
