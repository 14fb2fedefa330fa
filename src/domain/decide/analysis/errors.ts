import type { MetricAnalysis } from '../../analysis.js';
import type { RolloutMetric } from '../../rollout-spec.js';
import type { AnalysisPlan, PlannedMetric } from './analysis-plan.js';
import { addClumps, asClumps, clumpSize, noClumps, type Clumps } from './clumps.js';
import { inconclusive, ruling, type Observed } from './metric-ruling.js';
import { keepsOf, type Pair } from './pair.js';
import { randomOf, thin, THINNINGS } from './thin.js';
import { addVotes, evidenceOf, nextStake, noVotes, normalBelow, votesNeeded, type Votes } from './votes.js';

type Spec = Extract<RolloutMetric, { kind: 'errors' }>;

export interface ErrorsState {
  readonly votes: Votes;
  /** Of this step, where the challenger is the larger arm. */
  readonly clumps: Clumps;
  /** Of this step: windows, and sums over them. */
  readonly windows: number;
  readonly units: readonly [challenger: number, other: number];
  readonly errors: readonly [challenger: number, other: number];
}

export const beginErrors = (): ErrorsState => ({
  votes: noVotes(THINNINGS),
  clumps: noClumps,
  windows: 0,
  units: [0, 0],
  errors: [0, 0],
});
export const beginErrorsStep = ({ votes }: ErrorsState): ErrorsState => ({ ...beginErrors(), votes: nextStake(votes) });

/** The arm with more errors, once both have the same number to expect, loses the window. */
export function addErrors(spec: Spec, state: ErrorsState, { challenger, other, share, seed }: Pair): ErrorsState {
  const keep = keepsOf(share, 1 + spec.margin);
  const random = randomOf(seed);
  const size = share > 0.5 ? clumpSize(state.clumps) : 1;
  const left = (errors: number, chance: number): number => thin(asClumps(errors, size, random), chance, random);
  const signs = Array.from({ length: THINNINGS }, () =>
    Math.sign(left(challenger.errors, keep.challenger) - left(other.errors, keep.other)),
  );
  return {
    clumps: share > 0.5 ? addClumps(state.clumps, challenger.errors) : state.clumps,
    votes: addVotes(state.votes, signs),
    windows: state.windows + 1,
    units: [state.units[0] + challenger.units, state.units[1] + other.units],
    errors: [state.errors[0] + challenger.errors, state.errors[1] + other.errors],
  };
}

export function assessErrors(plan: AnalysisPlan, metric: PlannedMetric, spec: Spec, state: ErrorsState): MetricAnalysis {
  const evidence = evidenceOf(state.votes);
  const [mine, theirs] = [state.errors[0] / state.units[0], state.errors[1] / state.units[1]];
  const observed: Observed = { evidence, estimate: state.windows === 0 || theirs === 0 ? null : mine / theirs };
  if (state.windows === 0) return inconclusive(metric, observed, 'no window of traffic to both arms yet');
  const seen = `${percent(mine)} errors against ${percent(theirs)}`;
  return ruling(metric, observed, {
    harm: `more errors than ${spec.margin * 100}% above the baseline’s: ${seen}`,
    needed: windowsNeeded(plan, metric, spec, state),
    seen: state.windows,
    passed: `no harm ≥ ×${spec.detect} found: ${seen}`,
    doubt:
      mine > 0 && mine >= spec.detect * Math.max(plan.errorShareMin, theirs)
        ? `${seen}, as much as detect names, and not proven yet`
        : null,
  });
}

/** How many windows like these it takes to find the named regression. */
function windowsNeeded(plan: AnalysisPlan, { alpha }: PlannedMetric, spec: Spec, state: ErrorsState): number | null {
  const share = Math.max(plan.errorShareMin, state.errors[1] / state.units[1]);
  const equalised = Math.min(state.units[0] / (1 + spec.margin), state.units[1]) / state.windows / clumpSize(state.clumps);
  const ratio = spec.detect / (1 + spec.margin);
  return errorWindowsNeeded({ unitsPerWindow: equalised, share, ratio, alpha, stake: state.votes.stepStake ?? 1 });
}

/** Windows until a regression by `ratio` (beyond what is allowed) is found with 90% power; null: never. Poisson counts, each arm `unitsPerWindow`. */
export function errorWindowsNeeded({
  unitsPerWindow,
  share,
  ratio,
  alpha,
  stake,
}: {
  unitsPerWindow: number;
  share: number;
  ratio: number;
  alpha: number;
  stake: number;
}): number | null {
  const theirs = unitsPerWindow * share;
  const { worse, better } = race(Math.min(unitsPerWindow, theirs * ratio), theirs);
  if (worse + better === 0) return null;
  const votes = votesNeeded(worse / (worse + better), alpha, stake);
  return votes === null ? null : Math.ceil(votes / (worse + better));
}

/** P(A > B) and P(A < B) of two Poisson numbers. */
export function race(meanA: number, meanB: number): { worse: number; better: number } {
  if (meanA + meanB > 200) {
    const worse = normalBelow((meanA - meanB) / Math.sqrt(meanA + meanB));
    return { worse, better: 1 - worse };
  }
  const size = Math.ceil(Math.max(meanA, meanB) + 8 * Math.sqrt(Math.max(meanA, meanB)) + 10);
  const chances = (mean: number): number[] => {
    const list = [Math.exp(-mean)];
    for (let n = 1; n <= size; n++) list.push((list[n - 1]! * mean) / n);
    return list;
  };
  const [a, b] = [chances(meanA), chances(meanB)];
  let [worse, better, belowA, belowB] = [0, 0, 0, 0];
  for (let n = 0; n <= size; n++) {
    worse += a[n]! * belowB;
    better += b[n]! * belowA;
    belowA += a[n]!;
    belowB += b[n]!;
  }
  return { worse, better };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.01 ? 2 : 1)}%`;
}
