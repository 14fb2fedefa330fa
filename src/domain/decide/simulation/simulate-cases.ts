import type { RolloutSpec } from '../../rollout-spec.js';
import { labelledSpec, simulateLabels, type LabelShape, type Worse } from './simulate-labels.js';
import { simulateRollout, type SimulatedRollout } from './simulate-rollout.js';
import { HARMLESS, STEADY, type Regression, type TrafficShape } from './simulate-traffic.js';

/** A half of the runs is at most the first, nine of ten at most the second. */
export interface Spread {
  readonly median: number;
  readonly p90: number;
}

export interface SimulatedCase {
  readonly name: string;
  readonly runs: number;
  /** Shares of the runs: proven harmful; undecided when a step's time was over, which also turns back; let through. */
  readonly found: number;
  readonly undecided: number;
  readonly passed: number;
  /** Until found, or until passed where nothing was found; seconds and requests to both arms. null: neither ever happened. */
  readonly seconds: Spread | null;
  readonly requests: Spread | null;
}

/** The challengers that a plan is tried on. */
export const CASES: readonly { readonly name: string; readonly regression: Regression }[] = [
  { name: 'harmless', regression: HARMLESS },
  { name: 'errors × 2', regression: { ...HARMLESS, errorRatio: 2 } },
  { name: 'errors × 5', regression: { ...HARMLESS, errorRatio: 5 } },
  { name: 'every request refused', regression: { ...HARMLESS, errorRatio: 1e9 } },
  { name: 'latency × 1.5', regression: { ...HARMLESS, latencyRatio: 1.5 } },
  { name: 'scores + 0.2', regression: { ...HARMLESS, scoreShift: 0.2 } },
];

/** Plays the plan `runs` times for one challenger; the same for the same seeds. Pure. */
export function simulateCase(
  rollout: RolloutSpec,
  { requestsPerSecond, errorShare }: Pick<TrafficShape, 'requestsPerSecond' | 'errorShare'>,
  { name, regression }: (typeof CASES)[number],
  runs: number,
): SimulatedCase {
  // Of no errors at all, twice as many are none.
  const shape = { ...STEADY, requestsPerSecond, errorShare: Math.max(1e-6, errorShare) };
  const played = Array.from({ length: runs }, (_, run) => simulateRollout(rollout, shape, regression, 1 + run));
  return summed(name, played, regression === HARMLESS);
}

export interface LabelCase {
  readonly name: string;
  readonly worse: Worse | null;
}

/** The challengers that a plan's metrics on late labels are tried on: a harmless one, and worse ones by each metric. */
export function labelCasesOf({ metrics }: RolloutSpec): LabelCase[] {
  const worse = metrics.flatMap((metric, index): LabelCase[] => {
    const spec = labelledSpec(metric);
    if (spec === null) return [];
    const name = spec.kind === 'quality' ? spec.metric : spec.name;
    const sign = spec.kind === 'kpi' && spec.direction === 'down' ? '−' : '+';
    return [2, 5].map((margins) => ({
      name: `${name} ${sign} ${Number((margins * spec.margin).toPrecision(3))}`,
      worse: { metric: index, margins },
    }));
  });
  return worse.length === 0 ? [] : [{ name: 'harmless', worse: null }, ...worse];
}

/** As simulateCase, by the metrics on late labels alone. */
export function simulateLabelCase(rollout: RolloutSpec, shape: LabelShape, { name, worse }: LabelCase, runs: number): SimulatedCase {
  const played = Array.from({ length: runs }, (_, run) => simulateLabels(rollout, shape, worse, 1 + run));
  return summed(name, played, worse === null);
}

function summed(name: string, played: readonly SimulatedRollout[], isHarmless: boolean): SimulatedCase {
  const runs = played.length;
  const of = (outcome: SimulatedRollout['outcome']) => played.filter((one) => one.outcome === outcome);
  const [found, passed] = [of('turnedBack'), of('passed')];
  const told = isHarmless || found.length === 0 ? passed : found;
  return {
    name,
    runs,
    found: found.length / runs,
    undecided: of('undecided').length / runs,
    passed: passed.length / runs,
    seconds: spreadOf(told.map(({ seconds }) => seconds)),
    requests: spreadOf(told.map(({ requests }) => requests)),
  };
}

/** null of nothing. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return { median: at(0.5), p90: at(0.9) };
}
