import { LATENCY_EDGES_MS, SCORE_BINS } from '../../latency-edges.js';
import type { ArmCounts, TrafficWindow } from '../../traffic-window.js';
import { randomOf, thin } from '../analysis/thin.js';
import { normalBelow } from '../analysis/votes.js';

/** How requests come and what becomes of them; the challenger's part says how it differs. */
export interface TrafficShape {
  readonly requestsPerSecond: number;
  readonly errorShare: number;
  /** Errors come in bursts of this many requests of one arm; 1: each by itself. */
  readonly burst: number;
  /** Windows whose error share is ten times as high, for both arms: shared outages. */
  readonly outageShare: number;
  /** So many callers make all requests, each with its own error share and speed, and stay with an arm; 0: every request is drawn. */
  readonly stickyCallers: number;
  /** Both arms are slower by up to this factor at first, and less so for a minute. */
  readonly coldStart: number;
  readonly medianMs: number;
  readonly meanScore: number;
}

/** How a challenger differs from its baseline. */
export interface Regression {
  readonly errorRatio: number;
  readonly latencyRatio: number;
  /** Only the slowest twentieth. */
  readonly tailRatio: number;
  readonly scoreShift: number;
}

export const HARMLESS: Regression = { errorRatio: 1, latencyRatio: 1, tailRatio: 1, scoreShift: 0 };
export const STEADY: TrafficShape = {
  requestsPerSecond: 100,
  errorShare: 0.02,
  burst: 1,
  outageShare: 0,
  stickyCallers: 0,
  coldStart: 1,
  medianMs: 8,
  meanScore: 0.25,
};

interface ArmSource {
  counts(requests: number, window: number, outage: number): ArmCounts;
}

/** Windows of traffic to a challenger and its baseline, without end; the same for the same seed. */
export function createTraffic(shape: TrafficShape, regression: Regression, windowSeconds: number, seed: number) {
  const random = randomOf(seed);
  const challenger = armOf(shape, regression, windowSeconds, random);
  const baseline = armOf(shape, HARMLESS, windowSeconds, random);
  let window = 0;
  return { next };

  /** @param percents of all requests, of challenger and baseline; both 100: the challenger gets copies */
  function next(percents: { challenger: number; other: number }, shift: number): TrafficWindow {
    const mirrored = percents.challenger + percents.other > 100;
    const total = shape.requestsPerSecond * windowSeconds;
    const outage = random() < shape.outageShare ? 10 : 1;
    const asked = (percent: number): number => Math.max(0, Math.round(gauss(random, (total * percent) / 100)));
    const theirs = asked(percents.other);
    const mine = mirrored ? theirs : asked(percents.challenger);
    const startMs = window * windowSeconds * 1000;
    const arms = { challenger: challenger.counts(mine, window, outage), baseline: baseline.counts(theirs, window, outage) };
    window++;
    return {
      startMs,
      endMs: startMs + windowSeconds * 1000,
      shift,
      weights: mirrored ? { baseline: 100 } : { challenger: percents.challenger, baseline: percents.other },
      mirror: mirrored ? 'challenger' : null,
      arms,
    };
  }
}

function armOf(shape: TrafficShape, regression: Regression, windowSeconds: number, random: () => number): ArmSource {
  const callers = Array.from({ length: shape.stickyCallers }, () => ({
    error: -Math.log(1 - random()),
    speed: Math.exp(0.3 * gaussOf(random)),
  }));
  const mean = (list: readonly number[]): number => (list.length === 0 ? 1 : list.reduce((sum, value) => sum + value, 0) / list.length);
  const own = { error: mean(callers.map(({ error }) => error)), speed: mean(callers.map(({ speed }) => speed)) };
  return {
    counts(requests, window, outage) {
      const errorShare = Math.min(1, shape.errorShare * outage * own.error * regression.errorRatio);
      const bursts = poisson(random, (requests * errorShare) / shape.burst);
      const cold = 1 + (shape.coldStart - 1) * Math.exp((-window * windowSeconds) / 30);
      const medianMs = shape.medianMs * own.speed * cold * regression.latencyRatio;
      const latency = divided(
        requests,
        LATENCY_EDGES_MS.length + 1,
        (bucket) => answeredBy(LATENCY_EDGES_MS[bucket], medianMs, regression.tailRatio),
        random,
      );
      const mean = shape.meanScore + regression.scoreShift;
      const scores = divided(
        requests,
        SCORE_BINS,
        (bin) => (bin === SCORE_BINS - 1 ? 1 : normalBelow(((bin + 1) / SCORE_BINS - mean) / 0.15)),
        random,
      );
      const scoreSum = scores.reduce((sum, count, bin) => sum + (count * (bin + 0.5)) / SCORE_BINS, 0);
      return { units: requests, errors: Math.min(requests, bursts * shape.burst), latency, scores, scoreSum };
    },
  };
}

/** The share of answers that came within so many milliseconds: log-normal, the slowest twentieth stretched by `tailRatio`. */
function answeredBy(ms: number | undefined, medianMs: number, tailRatio: number): number {
  if (ms === undefined) return 1;
  const z = (value: number): number => Math.log(value / medianMs) / 0.5;
  const plain = z(ms);
  return plain <= 1.645 ? normalBelow(plain) : Math.max(0.95, normalBelow(z(ms / tailRatio)));
}

/** So many requests over bins whose cumulative shares are given: one binomial after the other. */
function divided(requests: number, bins: number, upTo: (bin: number) => number, random: () => number): number[] {
  let [left, below] = [requests, 0];
  return Array.from({ length: bins }, (_, bin) => {
    if (left === 0) return 0;
    const above = 1 - below;
    const next = upTo(bin);
    const count = above <= 1e-12 ? left : thin(left, Math.min(1, (next - below) / above), random);
    below = Math.max(below, next);
    left -= count;
    return count;
  });
}

/** A standard normal number. */
export function gaussOf(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function gauss(random: () => number, mean: number): number {
  return mean + Math.sqrt(mean) * gaussOf(random);
}

function poisson(random: () => number, mean: number): number {
  if (mean > 50) return Math.max(0, Math.round(gauss(random, mean)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}
