import { confidenceLimits, estimatePaired, type PairedEstimate } from '../src/domain/decide/paired-estimate.js';

/** A mean over rows that come in blocks, as the evaluation keeps it, and the sum of the squares of its rows. */
export interface BlockedMean {
  readonly blockRows: readonly number[];
  readonly blockSums: readonly number[];
  readonly squares: number;
}

export const ALPHA = 0.05;
const Z = 1.96;

/** How much larger the variance of the mean is than it would be if rows were independent. */
export function designEffect(mean: BlockedMean): number {
  return (known(mean.blockRows, mean.blockSums).standardError / rowError(mean)) ** 2;
}

/** Which tests call the mean different from 0 at 5%, two-sided: by rows, by blocks as if there were many, and as the judge does. */
export function findsDifference(mean: BlockedMean): { byRow: boolean; byBlockNormal: boolean; byBlockT: boolean } {
  const estimate = known(mean.blockRows, mean.blockSums);
  const { lower, upper } = confidenceLimits(estimate, ALPHA / 2);
  return {
    byRow: Math.abs(estimate.delta) > Z * rowError(mean),
    byBlockNormal: Math.abs(estimate.delta) > Z * estimate.standardError,
    byBlockT: lower > 0 || upper < 0,
  };
}

/** What the judge makes of sums by block. @throws {Error} it makes nothing of them */
export function known(blockRows: readonly number[], blockSums: readonly number[]): PairedEstimate {
  const rows = sum(blockRows);
  const estimate = estimatePaired({
    kind: 'mean',
    delta: sum(blockSums) / rows,
    rows,
    blockRows: [...blockRows],
    blockSums: [...blockSums],
  });
  if (!estimate.known) throw new Error(`bench: expected an estimate, found ${estimate.reason}`);
  return estimate;
}

function rowError({ blockRows, blockSums, squares }: BlockedMean): number {
  const rows = sum(blockRows);
  return Math.sqrt((squares / rows - (sum(blockSums) / rows) ** 2) / rows);
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
