import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Where a secret lies. The secret itself stands in no file of ours. */
export const SecretReference = z.union(
  [
    z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable') }),
    z.strictObject({ file: z.string().min(1) }),
  ],
  { error: 'expected { env: NAME } or { file: path }' },
);
export type SecretReference = z.infer<typeof SecretReference>;

/**
 * Read at each use, so that a secret that was changed needs no restart.
 * @throws {Error} names the variable or the file, never what stands in it
 */
export function readSecret(reference: SecretReference, environment: NodeJS.ProcessEnv): string {
  if ('env' in reference) {
    const value = environment[reference.env];
    if (value === undefined || value === '') throw new Error(`environment variable ${reference.env}: expected a secret, found nothing`);
    return value;
  }
  let text: string;
  try {
    text = readFileSync(reference.file, 'utf8').trim();
  } catch (error) {
    throw new Error(`secret file ${reference.file}: expected a file to read, found ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    });
  }
  if (text === '') throw new Error(`secret file ${reference.file}: expected a secret, found nothing`);
  return text;
}
