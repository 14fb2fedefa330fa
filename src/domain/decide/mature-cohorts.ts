/** All predictions of a period, and what became known of them by the time of asking. */
export interface Cohort {
  readonly startMs: number;
  readonly endMs: number;
  readonly predictions: number;
  readonly labelled: number;
  /** Known to stay without a label. */
  readonly censored: number;
}

/** Of data.label in the spec. */
export interface MaturityRule {
  readonly delayHours: number;
  readonly coverageMin: number;
  readonly coverageDropMax: number;
}

export interface JudgedCohort<T extends Cohort = Cohort> {
  readonly cohort: T;
  /** The share that is labelled or censored. */
  readonly coverage: number;
  /** What is said of it may decide; else it is provisional. */
  readonly isMature: boolean;
  /** Why it is provisional; '' where it is mature. */
  readonly reason: string;
}

/** So many mature cohorts before are compared with. */
const COMPARED_MAX = 28;
const HOUR_MS = 3_600_000;

/**
 * Which cohorts may decide. One is mature once its label delay has passed since its end, and about as many of its predictions
 * are settled as of the mature ones before it: those that are labelled early, or of a week in which half the labels got lost,
 * are not like the others. Pure. @param cohorts in the order of time
 * @param coverages of mature ones before them
 */
export function matureCohorts<T extends Cohort>(
  cohorts: readonly T[],
  rule: MaturityRule,
  asOfMs: number,
  coverages: readonly number[] = [],
): JudgedCohort<T>[] {
  const before = coverages.slice(-COMPARED_MAX);
  return cohorts.map((cohort) => {
    const { predictions, labelled, censored, endMs } = cohort;
    const coverage = predictions === 0 ? 0 : (labelled + censored) / predictions;
    const reason = provisionalBecause(coverage, rule, { isLate: asOfMs >= endMs + rule.delayHours * HOUR_MS, before });
    if (reason === '') before.push(coverage);
    if (before.length > COMPARED_MAX) before.shift();
    return { cohort, coverage, isMature: reason === '', reason };
  });
}

function provisionalBecause(
  coverage: number,
  { delayHours, coverageMin, coverageDropMax }: MaturityRule,
  { isLate, before }: { isLate: boolean; before: readonly number[] },
): string {
  if (!isLate) return `less than ${delayHours} h since its end`;
  if (coverage < coverageMin) return `${percent(coverage)} of its predictions are settled, less than ${percent(coverageMin)}`;
  const usual = median(before);
  if (usual === null || coverage >= usual * (1 - coverageDropMax)) return '';
  return `${percent(coverage)} of its predictions are settled, of the days before it ${percent(usual)}`;
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.01 ? 2 : 0)}%`;
}
