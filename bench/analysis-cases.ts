import type { Regression, TrafficShape } from '../src/domain/decide/simulation/simulate-traffic.js';

/** Windows of a run with a harmless challenger. */
export const AA_WINDOWS = 240;

export const ERRORS = { kind: 'errors' };
export const LATENCY = { kind: 'latency' };
const SIX = [
  { kind: 'errors', shareMax: 0.5 },
  { kind: 'latency', p99MsMax: 1000 },
  { kind: 'mean', margin: 0.03, detect: 0.1 },
  { kind: 'mean', margin: 0.05, detect: 0.1, direction: 'up' },
  { kind: 'mean', margin: 0.05, detect: 0.1, direction: 'down' },
  { kind: 'distribution' },
];

/** The challenger's percent of the requests in a window; 0: copies. */
export type Weight = (window: number) => number;
export const constantly =
  (weight: number): Weight =>
  () =>
    weight;
/** Shadow, four canary weights, full: each a sixth of the run. */
const sixSteps: Weight = (window) => [0, 5, 10, 25, 50, 95][Math.floor((window * 6) / AA_WINDOWS)]!;

export interface Harmless {
  readonly what: string;
  readonly traffic?: Partial<TrafficShape>;
  readonly weight?: Weight;
  readonly metrics?: readonly object[];
}
export const AA: readonly Harmless[] = [
  { what: 'independent, 10%' },
  { what: 'errors 20 at a time, 10%', traffic: { burst: 20 } },
  { what: 'errors 20 at a time, 50%', traffic: { burst: 20 }, weight: constantly(50) },
  { what: 'errors 20 at a time, 95%', traffic: { burst: 20 }, weight: constantly(95) },
  { what: '2,000 callers stay with an arm', traffic: { stickyCallers: 2000 }, weight: constantly(50) },
  { what: 'cold start, 5 times slower', traffic: { coldStart: 5 } },
  { what: 'outages of both arms', traffic: { outageShare: 0.1 } },
  { what: 'weights changing every minute', weight: (window) => [10, 50, 25, 75][Math.floor(window / 12) % 4]! },
  { what: 'six steps', weight: sixSteps },
  { what: 'six steps, errors 20 at a time', traffic: { burst: 20 }, weight: sixSteps },
  { what: 'six metrics, six steps', weight: sixSteps, metrics: SIX },
];

export interface Delay {
  readonly what: string;
  readonly alpha: number;
  readonly metric: object;
  readonly regression: Partial<Regression>;
  readonly traffic?: Partial<TrafficShape>;
  /** As it was measured before, of an anytime-valid test that counts every error or slow answer: at 10% and at 50%. */
  readonly before?: readonly [string, string];
}
export const DELAYS: readonly Delay[] = [
  { what: 'errors 2 → 3%, α .05', alpha: 0.05, metric: ERRORS, regression: { errorRatio: 1.5 }, before: ['18k (50k)', '7.6k (19k)'] },
  { what: 'errors 2 → 4%, α .05', alpha: 0.05, metric: ERRORS, regression: { errorRatio: 2 }, before: ['5.2k (12k)', '2.3k (5.1k)'] },
  { what: 'errors 2 → 4%, α .01', alpha: 0.01, metric: ERRORS, regression: { errorRatio: 2 }, before: ['8.4k (18k)', '3.0k (6.7k)'] },
  { what: 'errors 2 → 10%, α .01', alpha: 0.01, metric: ERRORS, regression: { errorRatio: 5 } },
  { what: 'every request refused, α .01', alpha: 0.01, metric: ERRORS, regression: { errorRatio: 50 } },
  { what: 'errors 2 → 4%, 20 at a time, α .05', alpha: 0.05, metric: ERRORS, regression: { errorRatio: 2 }, traffic: { burst: 20 } },
  {
    what: 'all latency × 1.3, α .05',
    alpha: 0.05,
    metric: LATENCY,
    regression: { latencyRatio: 1.3 },
    before: ['750 (1.6k)', '400 (800)'],
  },
  { what: 'all latency × 1.5, α .05', alpha: 0.05, metric: LATENCY, regression: { latencyRatio: 1.5 } },
  {
    what: 'only the slowest 5% × 1.3, α .05',
    alpha: 0.05,
    metric: LATENCY,
    regression: { tailRatio: 1.3 },
    before: ['3.0k (6.8k)', '1.3k (2.5k)'],
  },
];
