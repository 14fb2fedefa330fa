import { z } from 'zod';
import { Digest } from './digest.js';

export const LabelFormat = z.enum(['jsonl', 'csv', 'parquet']);
export type LabelFormat = z.infer<typeof LabelFormat>;

/** What was taken in from a file of labels: written once per content, after the labels themselves. */
export const LabelReceipt = z.strictObject({
  model: z.string(),
  /** Of the file as it was given. */
  contentDigest: Digest,
  /** Where its labels lie in the store. */
  key: z.string(),
  receivedAt: z.iso.datetime(),
  rows: z.number().int().min(1),
  /** Rows that were left out because they were no labels. */
  badRows: z.number().int().min(0),
});
export type LabelReceipt = z.infer<typeof LabelReceipt>;

/** One receipt per content: the same file again is known. */
export function labelReceiptKey(model: string, contentDigest: Digest): string {
  return `label-files/${model}/${contentDigest.slice('sha256:'.length)}.json`;
}

/** Labels lie by the hour in which they were received: what was known at a time is what lies before it. */
export function labelKey(model: string, receivedAtMs: number, contentDigest: Digest): string {
  const [date, hour] = [new Date(receivedAtMs).toISOString().slice(0, 10), new Date(receivedAtMs).toISOString().slice(11, 13)];
  return `labels/${model}/${date}/${hour}/${receivedAtMs}-${contentDigest.slice('sha256:'.length, 'sha256:'.length + 24)}.parquet`;
}
