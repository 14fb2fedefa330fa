import { z } from 'zod';
import { Analysis } from './analysis.js';
import { Digest } from './digest.js';
import { LabelledDay } from './label-reading.js';
import { TrafficWindow } from './traffic-window.js';

/**
 * What a watch saw and made of it: from the plan, the state before and the windows alone the analysis can be computed again.
 * Of a long watch the last windows stand here, and the state is the one before them.
 */
export const WatchDocument = z.strictObject({
  kind: z.literal('watch'),
  model: z.string(),
  cycle: z.number().int(),
  /** `<index>-<kind>` of the step, or `bake`. */
  step: z.string(),
  /** AnalysisPlan and AnalysisState of domain/decide/analysis. */
  plan: z.json(),
  before: z.json(),
  windows: z.array(TrafficWindow),
  /** What labels said meanwhile, and after how many of these windows; readings that changed nothing are left out. Absent: none did. */
  reads: z
    .array(
      z.strictObject({
        afterWindows: z.number().int().min(0),
        asOfMs: z.number(),
        days: z.array(LabelledDay),
        trouble: z.string().nullable(),
      }),
    )
    .optional(),
  after: z.json(),
  analysis: Analysis,
  /** The document of the watch before this one; null: the first. */
  previous: Digest.nullable(),
});
export type WatchDocument = z.infer<typeof WatchDocument>;
