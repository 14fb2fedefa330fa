import { z } from 'zod';
import { Digest } from './digest.js';

/** Only `pass` moves a model forward. A broken measurement is an error, which is no verdict at all. */
export const Face = z.enum(['pass', 'fail', 'inconclusive', 'no-data', 'no-baseline']);
export type Face = z.infer<typeof Face>;

export const GateResult = z.strictObject({
  /** Where the gate stands in the spec: `gates.againstChampion[0]`. */
  gate: z.string(),
  face: Face,
  /** One sentence that a person understands: what was asked, what was seen. */
  reason: z.string(),
  observed: z.number().nullable(),
  threshold: z.number().nullable(),
  /** The confidence limits that were used; null where the gate has none. A one-sided gate leaves the other side null. */
  interval: z.strictObject({ lower: z.number().nullable(), upper: z.number().nullable(), alpha: z.number() }).nullable(),
});
export type GateResult = z.infer<typeof GateResult>;

export const Verdict = z.strictObject({
  /** The worst of the gates: fail, no-data, inconclusive, no-baseline, pass. */
  face: Face,
  /** What the loop does: go on, ask a person first, or stop. A `fail` is never put to a person. */
  next: z.enum(['proceed', 'askPerson', 'stop']),
  /** Why a person must look, or why it stopped; the demo, the CLI and the approval show these sentences. */
  reasons: z.array(z.string()),
  gates: z.array(GateResult),
  /** Told, never decided by: slices worse but not proven, inconclusive slices, drift. */
  notes: z.array(z.string()),
  /** Which comparison since the last promotion this was (k ≥ 1), and the α it was given; null without a champion. */
  comparison: z.strictObject({ index: z.number().int().positive(), alpha: z.number() }).nullable(),
  /** Every superiority gate against the champion passed, and there was at least one. */
  provenSuperior: z.boolean(),
  policyDigest: Digest,
});
export type Verdict = z.infer<typeof Verdict>;
