import { z } from 'zod';

/** A row as a caller sends it: feature by name; null where it may be. */
export const FeatureRow = z.record(z.string(), z.union([z.number(), z.string(), z.null()]));
export type FeatureRow = z.infer<typeof FeatureRow>;

/** Rows of the evaluation with the answers that the model gave there: asked again of a server before it gets traffic. */
export const ServedRows = z.strictObject({ rows: z.array(FeatureRow).min(1), scores: z.array(z.number()).min(1) });
export type ServedRows = z.infer<typeof ServedRows>;
