import { z } from 'zod';

/** What monitoring looks for. Kinds are part of triggers' keys: add, never rename. */
export const FindingKind = z.enum([
  'traffic',
  'dataDrift',
  'predictionDrift',
  'dataQuality',
  'skew',
  'serviceLevel',
  'staleness',
  'newData',
  'decay',
  'calibration',
  'promise',
  'kpi',
  'errors',
]);
export type FindingKind = z.infer<typeof FindingKind>;

/**
 * ok: measured, and nothing is wrong. found: something is. inconclusive: too little to tell, or nothing was measured.
 * provisional: labels that may still change say so; never decides.
 */
export const FindingState = z.enum(['ok', 'found', 'inconclusive', 'provisional']);
export type FindingState = z.infer<typeof FindingState>;

export const Finding = z.strictObject({
  kind: FindingKind,
  state: FindingState,
  /** One sentence that a person understands: what was asked, what was seen. */
  sentence: z.string(),
  observed: z.number().nullable(),
  threshold: z.number().nullable(),
});
export type Finding = z.infer<typeof Finding>;
