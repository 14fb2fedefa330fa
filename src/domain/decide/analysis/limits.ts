import type { MetricAnalysis } from '../../analysis.js';
import type { RolloutMetric } from '../../rollout-spec.js';
import type { ArmCounts } from '../../traffic-window.js';
import type { PlannedMetric } from './analysis-plan.js';
import { quantile } from './latency.js';
import { addVotes, evidenceOf, noVotes, type Votes } from './votes.js';

/** Windows in which the challenger was beyond an absolute limit, and in which it was not. */
export type LimitState = Votes;
export const beginLimit = (): LimitState => noVotes(1);

/** A vote per window with traffic, whoever else got some. */
export function addLimit(spec: RolloutMetric, edges: readonly number[], state: LimitState, challenger: ArmCounts): LimitState {
  const isBeyond = beyondLimit(spec, edges, challenger);
  return isBeyond === null ? state : addVotes(state, [isBeyond ? 1 : -1]);
}

/** The metric fails where the limit is broken more often than not, proven at its α. */
export function assessLimit(metric: PlannedMetric, state: LimitState): MetricAnalysis | null {
  const evidence = evidenceOf(state);
  const failsAt = 1 / metric.alpha;
  if (evidence < failsAt) return null;
  const { spec, name } = metric;
  const limit = spec.kind === 'errors' ? `shareMax ${spec.shareMax}` : spec.kind === 'latency' ? `p99MsMax ${spec.p99MsMax}` : '';
  const reason = `${spec.kind}: beyond ${limit} in ${state.worse[0]} of ${state.worse[0]! + state.better[0]!} windows`;
  return { metric: name, kind: spec.kind, phase: 'Failed', reason, evidence, failsAt, estimate: null, interval: null };
}

function beyondLimit(spec: RolloutMetric, edges: readonly number[], { units, errors, latency }: ArmCounts): boolean | null {
  if (units === 0) return null;
  if (spec.kind === 'errors' && spec.shareMax !== undefined) return errors / units > spec.shareMax;
  if (spec.kind === 'latency' && spec.p99MsMax !== undefined) return quantile(edges, latency, 0.99) > spec.p99MsMax;
  return null;
}
