import { z } from 'zod';

/**
 * What one look at the traffic says. Only Successful lets a step pass. Failed is final. Inconclusive: not yet enough, or
 * nothing, was seen. Error: it could not be measured, or the split is not what it should be; that is never a verdict.
 */
export const AnalysisPhase = z.enum(['Successful', 'Failed', 'Inconclusive', 'Error']);
export type AnalysisPhase = z.infer<typeof AnalysisPhase>;

export const MetricAnalysis = z.strictObject({
  /** Where it stands in the spec: `rollout.metrics[0]`. */
  metric: z.string(),
  kind: z.string(),
  phase: AnalysisPhase,
  /** One sentence that a person understands: what was asked, what was seen. */
  reason: z.string(),
  /** The evidence of harm, as an e-value, and what it must reach to fail; null where the metric has none. */
  evidence: z.number().nullable(),
  failsAt: z.number().nullable(),
  /** The challenger's value over (errors, latency) or minus (means) the baseline's; null: unknown. */
  estimate: z.number().nullable(),
  interval: z.strictObject({ lower: z.number().nullable(), upper: z.number().nullable() }).nullable(),
});
export type MetricAnalysis = z.infer<typeof MetricAnalysis>;

export const Analysis = z.strictObject({
  phase: AnalysisPhase,
  /** Why, sentence by sentence; never empty. */
  reasons: z.array(z.string()).min(1),
  metrics: z.array(MetricAnalysis),
  /** Windows that count, of this step. */
  windows: z.number().int().min(0),
  /** Of this step, by arm. */
  units: z.record(z.string(), z.number()),
});
export type Analysis = z.infer<typeof Analysis>;
