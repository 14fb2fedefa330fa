import { normalBelow } from '../src/domain/decide/analysis/votes.js';
import type { TrafficWindow } from '../src/domain/traffic-window.js';

/** A test that is looked at after every window: true once it says that the challenger is worse. */
export type PeekedTest = (window: TrafficWindow) => boolean;

/** Two shares of errors, pooled, one-sided: what a dashboard shows, as if it were looked at once. */
export function zTest(alpha: number): PeekedTest {
  let [units, otherUnits, errors, otherErrors] = [0, 0, 0, 0];
  return ({ arms: { challenger, baseline } }) => {
    units += challenger!.units;
    errors += challenger!.errors;
    otherUnits += baseline!.units;
    otherErrors += baseline!.errors;
    const pooled = (errors + otherErrors) / (units + otherUnits);
    const spread = Math.sqrt(pooled * (1 - pooled) * (1 / units + 1 / otherUnits));
    return spread > 0 && errors + otherErrors >= 10 && 1 - normalBelow((errors / units - otherErrors / otherUnits) / spread) < alpha;
  };
}

/** Mann–Whitney of all latencies so far, by buckets with ties, one-sided: what Kayenta does once a canary is over. */
export function mannWhitney(alpha: number): PeekedTest {
  let mine: number[] = [];
  let theirs: number[] = [];
  const added = (sum: number[], counts: readonly number[]): number[] => counts.map((count, bucket) => count + (sum[bucket] ?? 0));
  return ({ arms: { challenger, baseline } }) => {
    mine = added(mine, challenger!.latency);
    theirs = added(theirs, baseline!.latency);
    const [n, m] = [total(mine), total(theirs)];
    if (n < 20 || m < 20) return false;
    let [u, below, ties] = [0, 0, 0];
    for (const [bucket, count] of mine.entries()) {
      const tied = count + theirs[bucket]!;
      u += count * (below + theirs[bucket]! / 2);
      below += theirs[bucket]!;
      ties += tied ** 3 - tied;
    }
    const spread = Math.sqrt(((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1))));
    return spread > 0 && 1 - normalBelow((u - (n * m) / 2) / spread) < alpha;
  };
}

/** Forty ratios from 1.05 to 16, log-spaced. */
const RATIOS = Array.from({ length: 40 }, (_, j) => 1.05 * (16 / 1.05) ** (j / 39));

/**
 * The anytime-valid test that counts every error: the challenger's share of errors against its share of requests, a mixture
 * over ratios beyond 1 + margin (after Lindon & Malek 2022, arXiv 2011.03567).
 */
export function byRequest(alpha: number, margin: number): PeekedTest {
  const logs = RATIOS.map(() => 0);
  const shareAt = (w: number, ratio: number): number => (w * ratio) / (w * ratio + 1 - w);
  return ({ arms: { challenger, baseline }, weights, mirror }) => {
    const w = mirror === null ? weights.challenger! / (weights.challenger! + weights.baseline!) : 0.5;
    const r0 = 1 + margin;
    for (const [j, g] of RATIOS.entries()) {
      const [at, beyond] = [shareAt(w, r0), shareAt(w, r0 * g)];
      logs[j]! += challenger!.errors * Math.log(beyond / at) + baseline!.errors * Math.log((1 - beyond) / (1 - at));
    }
    return logs.reduce((sum, log) => sum + Math.exp(log), 0) / RATIOS.length >= 1 / alpha;
  };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
