import { availableParallelism, loadavg } from 'node:os';

/** Several runs of one measurement. */
export interface Measured {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What some work took: by the wall, and of all threads of this process, which a busy machine changes less. */
export interface Taken {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export async function clock(work: () => Promise<unknown>): Promise<Taken> {
  const start = process.hrtime.bigint();
  const cpuStart = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpuStart);
  return { wallMs: Number(process.hrtime.bigint() - start) / 1e6, cpuMs: (user + system) / 1e3 };
}

/** @throws {RangeError} there is nothing to summarise */
export function summarise(values: readonly number[]): Measured {
  const sorted = [...values].sort((a, b) => a - b);
  const min = sorted[0];
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) throw new RangeError('summarise: expected at least one value, found none');
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, min, max };
}

/** `8,123 records/s (7,901–8,340)` */
export function inWords({ median, min, max }: Measured, unit: string, digits = 0): string {
  const number = (value: number): string => value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${number(median)} ${unit} (${number(min)}–${number(max)})`;
}

/** What a number is worth nothing without. */
export function machineInWords(): string {
  return `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)} at the start`;
}
