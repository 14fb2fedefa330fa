import { z } from 'zod';
import { AbsoluteMetric, QualityMetric } from './evaluation-spec.js';

export const AbsoluteGate = z
  .strictObject({
    metric: AbsoluteMetric.describe('What is measured; calibrationGap = |mean prediction − rate|.'),
    min: z.number().optional().describe('Inclusive; compared with the point estimate.'),
    max: z.number().optional().describe('Inclusive; compared with the point estimate.'),
  })
  .refine((gate) => gate.min !== undefined || gate.max !== undefined, 'expected min, max or both');
export type AbsoluteGate = z.infer<typeof AbsoluteGate>;

/**
 * A paired gate. superiority: better by more than `margin` is proven. nonInferiority: worse by `margin` or more is
 * excluded. Margins are in the metric's units, never negative, and count in the direction that is good for the metric.
 */
export const PairedGate = z
  .strictObject({
    metric: QualityMetric.describe('One of evaluation.metrics.'),
    test: z
      .enum(['superiority', 'nonInferiority'])
      .describe('superiority: better by more than the margin is proven. nonInferiority: worse by the margin or more is excluded.'),
    margin: z.number().min(0).default(0).describe('In the metric’s own units, in the direction that is good for it.'),
  })
  .refine((gate) => gate.test === 'superiority' || gate.margin > 0, {
    path: ['margin'],
    message: 'expected more than 0 for nonInferiority',
    params: { remedy: 'write the difference that would not matter; with 0 it is superiority' },
  });
export type PairedGate = z.infer<typeof PairedGate>;

/** Vetoes only where a slice is proven worse by more than the margin (Holm over all slices); otherwise reports. */
export const SliceGate = z.strictObject({
  by: z.string().min(1).describe('One of evaluation.slices.'),
  metric: QualityMetric.describe('One of evaluation.metrics.'),
  margin: z.number().min(0).default(0).describe('A slice fails only where it is proven worse by more than this.'),
  blocksMin: z.number().int().min(2).default(10).describe('A slice with fewer blocks is not tested, but told.'),
});
export type SliceGate = z.infer<typeof SliceGate>;

export const GatesSpec = z.strictObject({
  alpha: z
    .number()
    .gt(0)
    .max(0.5)
    .default(0.05)
    .describe('For all comparisons since the last promotion together: the k-th gets alpha/(k(k+1)).'),
  whenNoChampion: z
    .enum(['fail', 'requireApproval', 'pass'])
    .default('fail')
    .describe('What happens to a challenger that has nobody to beat, once its other gates have passed.'),
  absolute: z.array(AbsoluteGate).default([]).describe('Limits on the challenger itself.'),
  againstChampion: z.array(PairedGate).default([]).describe('Against the champion, on the same rows; each must be proven.'),
  againstAnchor: z.array(PairedGate).default([]).describe('Against the frozen anchor: the margin is total, not per promotion.'),
  slices: z.array(SliceGate).default([]).describe('Vetoes: only a slice that is proven worse than the champion stops a promotion.'),
  maxImprovement: z
    .array(
      z.strictObject({
        metric: QualityMetric.describe('One of evaluation.metrics.'),
        delta: z.number().gt(0).describe('In the metric’s own units.'),
      }),
    )
    .default([])
    .describe('Better than the champion by more than this is too good to be true: a person must look.'),
  labelCoverageMin: z.number().min(0).max(1).default(0.9).describe('With a smaller share of labelled rows, quality is unknown.'),
  labelCoverageGapMax: z
    .number()
    .min(0)
    .max(1)
    .default(0.15)
    .describe('How much rarer labels may be in one score decile or month than overall; beyond it quality there is unknown.'),
  probes: z
    .enum(['require', 'report'])
    .default('require')
    .describe('Nulls, unseen categories, extremes and the signature, tried before any traffic.'),
  refitAgreementMin: z
    .number()
    .min(0)
    .max(1)
    .default(0.9)
    .describe(
      'Rank correlation of the refit with its judged sibling on the holdout. A refit that agrees less passes only where it is proven to explain those rows, which it has been trained on and its sibling has not, better than the sibling does; none passes that is proven to explain them worse.',
    ),
});
export type GatesSpec = z.infer<typeof GatesSpec>;
