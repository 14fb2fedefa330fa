import { z } from 'zod';
import { Arm } from './serving.js';

export { LATENCY_EDGES_MS, SCORE_BINS } from './latency-edges.js';

/** What one arm did in a window: units (requests, or callers where `unit` is key) and what became of them. */
export const ArmCounts = z.strictObject({
  units: z.number().int().min(0),
  /** Not 2xx, timeouts included; at most `units`. */
  errors: z.number().int().min(0),
  /** Per bucket, not cumulative; LATENCY_EDGES_MS.length + 1 numbers. */
  latency: z.array(z.number().int().min(0)),
  /** Answers per score bin; SCORE_BINS numbers. Their count may differ from `units`: rows, not requests. */
  scores: z.array(z.number().int().min(0)),
  scoreSum: z.number(),
});
export type ArmCounts = z.infer<typeof ArmCounts>;

/** What was seen between two readings of the counters. */
export const TrafficWindow = z.strictObject({
  /** Milliseconds since 1970; [start, end). */
  startMs: z.number(),
  endMs: z.number(),
  /** The shift that was in force over the whole window; null: it changed meanwhile, and the window is not counted. */
  shift: z.number().int().nullable(),
  /** The split as read back, in percent; an arm that only gets copies has none. */
  weights: z.partialRecord(Arm, z.number()),
  mirror: Arm.nullable(),
  arms: z.partialRecord(Arm, ArmCounts),
});
export type TrafficWindow = z.infer<typeof TrafficWindow>;
