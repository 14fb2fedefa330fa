import type { TrafficWindow } from '../../traffic-window.js';

/** What each arm got under one shift. */
export interface SplitState {
  readonly shift: number | null;
  readonly arms: readonly string[];
  readonly units: readonly number[];
  readonly weights: readonly number[];
}

export const beginSplit = (): SplitState => ({ shift: null, arms: [], units: [], weights: [] });

/** A split that is right is called wrong with at most this chance, per shift, however often it is looked at. */
const ALPHA = 1e-5;
/** The alternative: shares around the true ones, as after this many requests. */
const CONCENTRATION = 50;

/**
 * Requests are drawn window after window, so they add up. Callers are drawn once and come again: of them the window with the
 * most stands for all.
 */
export function addSplit(unit: 'request' | 'key', state: SplitState, { shift, arms, weights }: TrafficWindow): SplitState {
  if (shift === null) return state;
  const names = Object.keys(weights).sort();
  const fresh = shift !== state.shift || names.join() !== state.arms.join();
  const seen = names.map((name) => arms[name as keyof typeof arms]?.units ?? 0);
  if (unit === 'key' && !fresh && sum(seen) <= sum(state.units)) return state;
  const units = fresh || unit === 'key' ? seen : seen.map((count, i) => count + state.units[i]!);
  return { shift, arms: names, units, weights: names.map((name) => weights[name as keyof typeof weights] ?? 0) };
}

/**
 * Why the requests are not divided as they should be; null: nothing speaks against it. A mixture of multinomials is an
 * anytime-valid test of the split (Lindon & Malek 2022, arXiv 2011.03567).
 */
export function splitMismatch({ arms, units, weights }: SplitState): string | null {
  const total = sum(weights);
  if (arms.length < 2 || total === 0) return null;
  const prior = weights.map((weight) => (CONCENTRATION * weight) / total);
  const posterior = units.map((count, i) => count + prior[i]!);
  const logEvidence =
    logBeta(posterior) - logBeta(prior) - sum(units.map((count, i) => (count === 0 ? 0 : count * Math.log(weights[i]! / total))));
  if (logEvidence < Math.log(1 / ALPHA)) return null;
  const found = arms.map((arm, i) => `${arm} ${units[i]} (set to ${weights[i]}%)`).join(', ');
  return `the requests are not divided as they are set to be: ${found}`;
}

function logBeta(counts: readonly number[]): number {
  return sum(counts.map(logGamma)) - logGamma(sum(counts));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** ln Γ(x) for x > 0 (Lanczos, g = 7), to 1e-10. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const terms = [
    676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905, -0.13857109526572012,
    9.984369578019572e-6, 1.5056327351493116e-7,
  ];
  const series = terms.reduce((sum, term, i) => sum + term / (x + i), 0.9999999999998099);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}
