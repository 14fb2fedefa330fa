import { z } from 'zod';

/** Quality measures. auc: greater is better; logLoss, brier: smaller is better. */
export const QualityMetric = z.enum(['auc', 'logLoss', 'brier']);
export type QualityMetric = z.infer<typeof QualityMetric>;

/** What an absolute gate can hold an arm to. calibrationGap = |mean prediction − rate|. */
export const AbsoluteMetric = z.enum(['auc', 'logLoss', 'brier', 'calibrationGap', 'latencyMsP99', 'modelMiB', 'labelCoverage']);
export type AbsoluteMetric = z.infer<typeof AbsoluteMetric>;

export const EvaluationSpec = z.strictObject({
  metrics: z.array(QualityMetric).min(1).describe('What is computed for every arm; gates may ask about these.'),
  resampleBy: z
    .string()
    .min(1)
    .describe(
      'The block of the paired cluster bootstrap: `day`, a column (user, hospital, …) or, written out, `row` where rows really are independent.',
    ),
  replicates: z.number().int().min(1000).max(20_000).default(2000).describe('Replicates of the paired cluster bootstrap.'),
  seed: z.number().int().min(0).default(20_130_101).describe('Of the bootstrap: the same evidence on the same rows.'),
  slices: z
    .array(z.strictObject({ by: z.string().min(1).describe('A declared column; each of its values is a slice.') }))
    .default([])
    .describe('Parts of the rows that are evaluated apart.'),
  baseline: z
    .enum(['logistic', 'none'])
    .default('logistic')
    .describe('A simple model trained on the same rows, that stands beside the others.'),
});
export type EvaluationSpec = z.infer<typeof EvaluationSpec>;
