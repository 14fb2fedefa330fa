import { z } from 'zod';
import { Digest } from './digest.js';

/** Stages in order. Rollout is passed through without effect until traffic is managed. */
export const STAGES = [
  'snapshot',
  'validate',
  'train',
  'evaluate',
  'judge',
  'refit',
  'agree',
  'register',
  'approve',
  'rollout',
  'promote',
] as const;
export const Stage = z.enum(STAGES);
export type Stage = z.infer<typeof Stage>;

/** What a stage leaves behind, named by its digest. `body` is that stage's output document. */
export const Evidence = z.strictObject({
  kind: z.literal('evidence'),
  stage: Stage,
  model: z.string(),
  /** The cycle that did the work; a retried cycle cites it. */
  cycle: z.number().int().positive(),
  /** Names the work: digest of input, command, files and environment. Equal digests need not be worked again. */
  inputDigest: Digest,
  /** The documents that this one was made from, by name. */
  from: z.record(z.string(), Digest),
  /** The job that did it; null where no job ran. */
  job: z
    .strictObject({ name: z.string(), attempt: z.number().int(), startedAt: z.string().nullable(), endedAt: z.string().nullable() })
    .nullable(),
  body: z.json(),
});
export type Evidence = z.infer<typeof Evidence>;

/** What the loop carries from stage to stage: a reference and one line for people. */
export interface StageResult {
  readonly stage: Stage;
  readonly evidenceDigest: Digest;
  /** One line: "25,297 rows, 28 days". */
  readonly summary: string;
  /** Cited from an earlier cycle instead of worked again. */
  readonly cited: boolean;
}
