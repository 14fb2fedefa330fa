import { z } from 'zod';
import { Digest } from './digest.js';
import { JobFile } from './job.js';

/** Files that travel with a job. */
export const CodeBundle = z.strictObject({ files: z.array(JobFile) });
export type CodeBundle = z.infer<typeof CodeBundle>;

/** All code of a model, by what it is for; its digest is the code digest of a version. */
export const ModelCode = z.strictObject({ source: Digest, trainer: Digest });
export type ModelCode = z.infer<typeof ModelCode>;
