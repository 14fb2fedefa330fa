import { z } from 'zod';
import { Digest } from './digest.js';
import { TrainedModel } from './stage-jobs.js';

/** What the people sign: one byte changed here is another candidate, and the approval is void. */
export const Candidate = z.strictObject({
  model: z.string(),
  cycle: z.number().int().positive(),
  modelDigest: Digest,
  datasetDigest: Digest,
  codeDigest: Digest,
  configDigest: Digest,
  /** The commit that its trigger named; absent: none. */
  commit: z.string().optional(),
  /** gates + approval + refit of the spec that the cycle started with. */
  policyDigest: Digest,
  baseline: z.strictObject({ championDigest: Digest.nullable(), generation: z.number().int().min(0) }),
  /** Every evidence document, by stage. */
  evidence: z.record(z.string(), Digest),
});
export type Candidate = z.infer<typeof Candidate>;

/** A version of a model as the ledger and the registry name it. */
export const ModelVersion = z.strictObject({
  /** `<model>-<n>+data.<d8>.code.<d8>.config.<d8>`; n is the cycle. */
  version: z.string(),
  cycle: z.number().int().positive(),
  candidateDigest: Digest,
  model: TrainedModel,
  datasetDigest: Digest,
  /** End of what it was trained on, exclusive. */
  trainEnd: z.iso.datetime({ offset: true }),
  registryVersion: z.string(),
  mlflowRunId: z.string().nullable(),
});
export type ModelVersion = z.infer<typeof ModelVersion>;
