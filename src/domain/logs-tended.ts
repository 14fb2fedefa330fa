import { z } from 'zod';

const Tended = z.strictObject({
  /** Past their retention. */
  expiredHours: z.number().int().min(0),
  expiredFiles: z.number().int().min(0),
  /** Ended hours that become one file each, and of how many. */
  compactedHours: z.number().int().min(0),
  compactedFiles: z.number().int().min(0),
});

/** What was done, or would be, to the log of predictions and the labels of a model. */
export const LogsTended = z.strictObject({ predictions: Tended, labels: Tended });
export type LogsTended = z.infer<typeof LogsTended>;
