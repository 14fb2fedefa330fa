import { z } from 'zod';
import { Analysis } from './analysis.js';
import { Digest } from './digest.js';
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
  after: z.json(),
  analysis: Analysis,
  /** The document of the watch before this one; null: the first. */
  previous: Digest.nullable(),
});
export type WatchDocument = z.infer<typeof WatchDocument>;
