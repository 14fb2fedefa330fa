import type { MetricAnalysis } from '../../analysis.js';
import type { RolloutMetric } from '../../rollout-spec.js';
import type { PlannedMetric } from './analysis-plan.js';
import { addClumps, asClumps, clumpSize, noClumps, type Clumps } from './clumps.js';
import { inconclusive, ruling } from './metric-ruling.js';
import { keepsOf, type Pair } from './pair.js';
import { randomOf, thin, THINNINGS } from './thin.js';
import { addVotes, evidenceOf, nextStake, noVotes, normalBelow, votesNeeded, type Votes } from './votes.js';

type Spec = Extract<RolloutMetric, { kind: 'latency' }>;
const QUANTILES = [0.5, 0.9, 0.99] as const;
/** Thresholds follow the baseline's own day: half of what they rest on is younger than some 35 windows. */
const FORGET = 0.98;
/** Answers of the baseline before thresholds mean anything. */
const WARM_UNITS = 50;

export interface LatencyState {
  /** Per quantile. */
  readonly votes: readonly Votes[];
  /** Per quantile, of this step, where the challenger is the larger arm. */
  readonly clumps: readonly Clumps[];
  /** The other arm's latency so far, older windows forgotten: thresholds come from before the window that they are used on. */
  readonly past: readonly number[];
  readonly windows: number;
  readonly units: readonly [challenger: number, other: number];
}

export const beginLatency = (): LatencyState => ({
  votes: QUANTILES.map(() => noVotes(THINNINGS)),
  clumps: QUANTILES.map(() => noClumps),
  past: [],
  windows: 0,
  units: [0, 0],
});
export const beginLatencyStep = (state: LatencyState): LatencyState => ({
  ...state,
  votes: state.votes.map(nextStake),
  clumps: QUANTILES.map(() => noClumps),
  windows: 0,
  units: [0, 0],
});

/** The arm with more answers slower than the threshold loses the window; the challenger's threshold is later by the margin. */
export function addLatency(
  spec: Spec,
  edges: readonly number[],
  state: LatencyState,
  { challenger, other, share, seed }: Pair,
): LatencyState {
  const past = state.past.length === 0 ? [...other.latency] : state.past.map((count, i) => round(count * FORGET + (other.latency[i] ?? 0)));
  if (sum(state.past) < WARM_UNITS) return { ...state, past };
  const keep = keepsOf(share, 1);
  const random = randomOf(seed ^ 0x5bd1e995);
  const slow = QUANTILES.map((q) => {
    const threshold = quantile(edges, state.past, q);
    return {
      mine: slowerThan(edges, challenger.latency, threshold * (1 + spec.margin)),
      theirs: slowerThan(edges, other.latency, threshold),
    };
  });
  const votes = slow.map(({ mine, theirs }, q) => {
    const size = share > 0.5 ? clumpSize(state.clumps[q]!) : 1;
    const left = (count: number, chance: number): number => thin(asClumps(count, size, random), chance, random);
    const signs = Array.from({ length: THINNINGS }, () => Math.sign(left(mine, keep.challenger) - left(theirs, keep.other)));
    return addVotes(state.votes[q]!, signs);
  });
  return {
    votes,
    clumps: share > 0.5 ? state.clumps.map((clumps, q) => addClumps(clumps, slow[q]!.mine)) : state.clumps,
    past,
    windows: state.windows + 1,
    units: [state.units[0] + challenger.units, state.units[1] + other.units],
  };
}

export function assessLatency(metric: PlannedMetric, spec: Spec, edges: readonly number[], state: LatencyState): MetricAnalysis {
  const evidence = state.votes.reduce((total, votes) => total + evidenceOf(votes), 0) / state.votes.length;
  const observed = { evidence, estimate: null };
  if (state.windows === 0) return inconclusive(metric, observed, 'no window of traffic to both arms yet');
  const p = (q: number): string => `${quantile(edges, state.past, q)} ms`;
  return ruling(metric, observed, {
    harm: `slower than ${spec.margin * 100}% above the baseline’s p50 ${p(0.5)}, p90 ${p(0.9)}, p99 ${p(0.99)}`,
    needed: windowsNeeded(metric, spec, edges, state),
    seen: state.windows,
    passed: `no slowing ≥ ×${spec.detect} found (baseline’s p50 ${p(0.5)}, p99 ${p(0.99)})`,
  });
}

/** The best of the three thresholds finds it; it has a third of the money. */
function windowsNeeded({ alpha }: PlannedMetric, spec: Spec, edges: readonly number[], state: LatencyState): number | null {
  const units = Math.min(...state.units) / state.windows;
  const needed = QUANTILES.flatMap((q, index) => {
    const threshold = quantile(edges, state.past, q);
    const theirs = shareAbove(edges, state.past, threshold);
    const mine = shareAbove(edges, state.past, (threshold * (1 + spec.margin)) / spec.detect);
    const sd = Math.sqrt((mine * (1 - mine) + theirs * (1 - theirs)) / units);
    const chance = sd === 0 ? (mine > theirs ? 0.999 : 0.5) : normalBelow((mine - theirs) / sd);
    return votesNeeded(Math.min(0.999, chance), alpha / 3, state.votes[index]!.stepStake ?? 1) ?? [];
  });
  return needed.length === 0 ? null : Math.min(...needed);
}

/** Windows until the named slowing is found with 90% power, at so many answers per window of each arm, log-normal with σ .5; null: never. */
export function latencyWindowsNeeded(
  { detect, margin, p99MsMax }: Spec,
  unitsPerWindow: number,
  alpha: number,
  stake: number,
): number | null {
  const needed = [0, 1.2816, 2.3263].flatMap((z) => {
    const theirs = 1 - normalBelow(z);
    const mine = 1 - normalBelow(z + Math.log((1 + margin) / detect) / 0.5);
    const sd = Math.sqrt((mine * (1 - mine) + theirs * (1 - theirs)) / unitsPerWindow);
    return votesNeeded(Math.min(0.999, normalBelow((mine - theirs) / sd)), (p99MsMax === undefined ? alpha : alpha / 2) / 3, stake) ?? [];
  });
  return needed.length === 0 ? null : Math.min(...needed);
}

/** The upper edge of the bucket in which the quantile lies; the last bucket counts as twice its lower edge. */
export function quantile(edges: readonly number[], counts: readonly number[], q: number): number {
  const wanted = sum(counts) * q;
  let seen = 0;
  for (const [bucket, count] of counts.entries()) {
    seen += count;
    if (seen >= wanted) return edges[bucket] ?? edges.at(-1)! * 2;
  }
  return edges.at(-1)! * 2;
}

/** Answers in buckets that begin at the threshold or above it. */
function slowerThan(edges: readonly number[], counts: readonly number[], threshold: number): number {
  return counts.reduce((slow, count, bucket) => (bucket > 0 && edges[bucket - 1]! >= threshold * 0.999 ? slow + count : slow), 0);
}

function shareAbove(edges: readonly number[], counts: readonly number[], threshold: number): number {
  return slowerThan(edges, counts, threshold) / Math.max(1e-9, sum(counts));
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** A state travels in every heartbeat. */
function round(count: number): number {
  return count < 0.005 ? 0 : Math.round(count * 100) / 100;
}
