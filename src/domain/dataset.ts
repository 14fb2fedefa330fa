import { z } from 'zod';
import { Digest } from './digest.js';

const Time = z.iso.datetime({ offset: true });

/** A half-open interval of UTC time: start <= t < end. */
export const TimeRange = z.strictObject({ start: Time, end: Time });
export type TimeRange = z.infer<typeof TimeRange>;

export const DataFile = z.strictObject({
  part: z.enum(['train', 'holdout']),
  digest: Digest,
  bytes: z.number().int().min(0),
  rows: z.number().int().min(0),
  /** The part of the window that this file covers. */
  window: TimeRange,
});
export type DataFile = z.infer<typeof DataFile>;

/** The manifest of a snapshot. Its digest is the dataset's identity: the same window gives the same digest. */
export const Dataset = z.strictObject({
  files: z.array(DataFile).min(1),
  rows: z.number().int().min(0),
  /** Column order as in the files; type in Arrow's words. */
  columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
  /** Half-open; what was asked for (labels mature before its end). */
  window: TimeRange,
  /** First and last row's time, both included. */
  timeRange: z.strictObject({ min: Time, max: Time }),
});
export type Dataset = z.infer<typeof Dataset>;
