import type { AbsoluteMetric, QualityMetric } from '../evaluation-spec.js';
import type { Face, GateResult } from '../verdict.js';

/** Why a person must look although no gate failed. `gate` names the gate that asks, or what else does. */
export interface PersonNeeded {
  readonly gate: string;
  readonly reason: string;
}

/** What one group of gates says. */
export interface Ruling {
  readonly results: readonly GateResult[];
  readonly notes: readonly string[];
  readonly personNeeded: readonly PersonNeeded[];
}

/** One gate's result as a whole ruling. */
export function only(result: GateResult): Ruling {
  return { results: [result], notes: [], personNeeded: [] };
}

/** Worst first: a verdict is the first of these that any gate shows. */
export const FACES_BY_SEVERITY: readonly Face[] = ['fail', 'no-data', 'inconclusive', 'no-baseline', 'pass'];

export function mergeRulings(rulings: readonly Ruling[]): Ruling {
  return {
    results: rulings.flatMap((ruling) => ruling.results),
    notes: rulings.flatMap((ruling) => ruling.notes),
    personNeeded: rulings.flatMap((ruling) => ruling.personNeeded),
  };
}

export function worstFace(results: readonly GateResult[]): Face {
  return FACES_BY_SEVERITY.find((face) => results.some((result) => result.face === face)) ?? 'no-data';
}

/** The sentences of all gates that did not pass, worst first. */
export function sentencesAgainst(results: readonly GateResult[]): string[] {
  const sentences = FACES_BY_SEVERITY.filter((face) => face !== 'pass').flatMap((face) =>
    results.filter((result) => result.face === face).map((result) => result.reason),
  );
  return [...new Set(sentences)]; // What keeps one gate from a comparison keeps all of them.
}

interface Measured {
  readonly observed?: number | null;
  readonly threshold?: number | null;
  readonly interval?: { readonly lower: number; readonly upper: number; readonly alpha: number } | null;
}

/** A gate's result, with numbers cut to what JSON keeps and every machine computes alike. */
export function gateResult(gate: string, face: Face, reason: string, { observed, threshold, interval }: Measured = {}): GateResult {
  return {
    gate,
    face,
    reason,
    observed: documented(observed),
    threshold: documented(threshold),
    interval:
      interval && Number.isFinite(interval.alpha)
        ? { lower: documented(interval.lower), upper: documented(interval.upper), alpha: interval.alpha }
        : null,
  };
}

/** Twelve digits: libraries of different machines differ in the last ones, and a replay compares. */
function documented(value: number | null | undefined): number | null {
  return value === null || value === undefined || !Number.isFinite(value) ? null : Number(value.toPrecision(12));
}

const METRIC_WORDS: Record<AbsoluteMetric, string> = {
  auc: 'AUC',
  logLoss: 'log-loss',
  brier: 'Brier score',
  calibrationGap: 'calibration gap',
  latencyMsP99: 'p99 latency in ms',
  modelMiB: 'model size in MiB',
  labelCoverage: 'label coverage',
};

export function metricWords(metric: AbsoluteMetric): string {
  return METRIC_WORDS[metric];
}

/** +1 where more is better, −1 where less is. */
export function goodDirection(metric: QualityMetric): 1 | -1 {
  return metric === 'auc' ? 1 : -1;
}

/** `0.729`; small numbers keep two digits, large ones lose their fraction. */
export function numberWords(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toPrecision(2).replace('-', '−');
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 3).replace('-', '−');
}

/** `+0.041`, `−0.035`. */
export function changeWords(value: number): string {
  return value >= 0 ? `+${numberWords(value)}` : numberWords(value);
}

/** `2.5%`, `0.42%`, `97.2%`. */
export function percentWords(share: number): string {
  const percent = share * 100;
  return `${Number(Math.abs(percent) < 10 ? percent.toPrecision(2) : percent.toFixed(1))}%`;
}
