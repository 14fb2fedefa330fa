import { confidenceLimits } from '../../src/domain/decide/paired-estimate.js';
import { ALPHA, known, sum } from '../block-tests.js';

interface Quality {
  readonly auc: number | null;
  readonly logLoss: number | null;
  readonly brier: number | null;
  /** Questions without an answer. */
  readonly refused: number;
}

export interface PolicyBooks {
  readonly months: readonly Quality[];
  readonly year: Quality;
  readonly dayLogLoss: readonly number[];
}

/** What every policy answered, held against what came: as bench/year/warm_steps.py keeps it. */
export interface Books {
  readonly days: readonly string[];
  readonly dayRows: readonly number[];
  readonly months: readonly { readonly month: string; readonly rows: number }[];
  readonly policies: Readonly<Record<string, PolicyBooks>>;
}

/** Log-loss of one policy less that of another, over all rows; limits at 95%, two-sided, days as blocks. */
export interface Difference {
  readonly other: string;
  readonly delta: number;
  readonly lower: number;
  readonly upper: number;
  /** One-sided, at 95%: what the judge holds against the margin of a non-inferiority gate. */
  readonly upperOneSided: number;
}

export const MARGIN = 0.005;

export function differenceOf({ dayRows, policies }: Books, policy: string, other: string): Difference {
  const of = (name: string): readonly number[] => policies[name]!.dayLogLoss;
  const estimate = known(
    dayRows,
    of(policy).map((loss, day) => loss - of(other)[day]!),
  );
  const { lower, upper } = confidenceLimits(estimate, ALPHA / 2);
  return { other, delta: estimate.delta, lower, upper, upperOneSided: confidenceLimits(estimate, ALPHA).upper };
}

/** The policy with the least log-loss. */
export function bestOf({ policies }: Books, names: readonly string[]): string {
  const lossOf = (name: string): number => sum(policies[name]!.dayLogLoss);
  return [...names].sort((a, b) => lossOf(a) - lossOf(b))[0]!;
}

export interface Ruling {
  readonly holds: boolean;
  readonly sentence: string;
}

/** As the year was: the loop is not worse than the best other policy by the margin, and that is proven as the judge proves it. */
export function ruleUnspoiled(books: Books, loop: string, others: readonly string[]): Ruling {
  const difference = differenceOf(books, loop, bestOf(books, others));
  const holds = difference.upperOneSided < MARGIN;
  return {
    holds,
    sentence: `${inWords(difference)}, one-sided at most ${figure(difference.upperOneSided)}: ${holds ? '' : 'not '}proven no worse by ${MARGIN}`,
  };
}

/** With bad retrains: the loop is better than every policy that retrains blindly, and that is proven of each. */
export function ruleSpoiled(books: Books, loop: string, blind: readonly string[]): Ruling {
  const differences = blind.map((other) => differenceOf(books, loop, other));
  const holds = differences.every(({ upper }) => upper < 0);
  return {
    holds,
    sentence: `${differences.map(inWords).join('; ')}: ${holds ? '' : 'not '}proven better than ${blind.length === 1 ? 'it' : 'each'}`,
  };
}

export function inWords({ other, delta, lower, upper }: Difference): string {
  return `log-loss less that of "${other}" ${figure(delta)} [${figure(lower)}, ${figure(upper)}]`;
}

function figure(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
}
