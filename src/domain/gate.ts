import { z } from 'zod';
import { AbsoluteMetric, QualityMetric } from './evaluation-spec.js';

export const AbsoluteGate = z
  .strictObject({ metric: AbsoluteMetric, min: z.number().optional(), max: z.number().optional() })
  .refine((gate) => gate.min !== undefined || gate.max !== undefined, 'expected min, max or both');
export type AbsoluteGate = z.infer<typeof AbsoluteGate>;

/**
 * A paired gate. superiority: better by more than `margin` is proven. nonInferiority: worse by `margin` or more is
 * excluded. Margins are in the metric's units, never negative, and count in the direction that is good for the metric.
 */
export const PairedGate = z
  .strictObject({
    metric: QualityMetric,
    test: z.enum(['superiority', 'nonInferiority']),
    margin: z.number().min(0).default(0),
  })
  .refine((gate) => gate.test === 'superiority' || gate.margin > 0, 'a non-inferiority gate needs a margin > 0: with 0 it is superiority');
export type PairedGate = z.infer<typeof PairedGate>;

/** Vetoes only where a slice is proven worse by more than the margin (Holm over all slices); otherwise reports. */
export const SliceGate = z.strictObject({
  by: z.string().min(1),
  metric: QualityMetric,
  margin: z.number().min(0).default(0),
  blocksMin: z.number().int().min(2).default(10),
});
export type SliceGate = z.infer<typeof SliceGate>;

export const GatesSpec = z.strictObject({
  alpha: z
    .number()
    .gt(0)
    .max(0.5)
    .default(0.05)
    .describe('For all comparisons since the last promotion together: the k-th gets alpha/(k(k+1)).'),
  whenNoChampion: z.enum(['fail', 'requireApproval', 'pass']).default('fail'),
  absolute: z.array(AbsoluteGate).default([]),
  againstChampion: z.array(PairedGate).default([]),
  againstAnchor: z.array(PairedGate).default([]).describe('Against the frozen anchor: the margin is total, not per promotion.'),
  slices: z.array(SliceGate).default([]),
  maxImprovement: z
    .array(z.strictObject({ metric: QualityMetric, delta: z.number().gt(0) }))
    .default([])
    .describe('Better than the champion by more than this is too good to be true: a person must look.'),
  labelCoverageMin: z.number().min(0).max(1).default(0.9),
  labelCoverageGapMax: z
    .number()
    .min(0)
    .max(1)
    .default(0.15)
    .describe('How much rarer labels may be in one score decile or month than overall; beyond it quality there is unknown.'),
  probes: z.enum(['require', 'report']).default('require'),
  refitAgreementMin: z
    .number()
    .min(0)
    .max(1)
    .default(0.9)
    .describe('Rank correlation of the refit with its judged sibling on the holdout.'),
});
export type GatesSpec = z.infer<typeof GatesSpec>;
