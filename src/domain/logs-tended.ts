import { z } from 'zod';

const Tended = z.strictObject({
  /** Past their retention. */
  expiredHours: z.number().int().min(0),
  expiredFiles: z.number().int().min(0),
  /** Ended hours that become one file each, and of how many. */
  compactedHours: z.number().int().min(0),
  compactedFiles: z.number().int().min(0),
});

/** What was done, or would be, to the log of predictions, the labels and the monitored windows of a model. */
export const LogsTended = z.strictObject({
  predictions: Tended,
  labels: Tended,
  /** What was judged and the reports, which go with the predictions that they are about; and the counts of requests. */
  monitoring: Tended.pick({ expiredFiles: true }),
});
export type LogsTended = z.infer<typeof LogsTended>;
