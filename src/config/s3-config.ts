import { z } from 'zod';

/** How objects lie in a bucket, as the environment says. */
export interface S3Config {
  readonly kmsKeyId?: string;
  readonly ledgerLock?: { readonly mode: 'governance' | 'compliance'; readonly days: number };
}

const Variables = z
  .object({
    RATCHET_STORE_KMS_KEY_ID: z.string().min(1, 'expected the id, ARN or alias of a key of AWS KMS').optional(),
    RATCHET_LEDGER_LOCK_DAYS: z.coerce
      .number({ error: 'expected a number of days' })
      .int('expected whole days')
      .min(1, 'expected 1 to 36,500 days')
      .max(36_500, 'expected 1 to 36,500 days')
      .optional(),
    RATCHET_LEDGER_LOCK_MODE: z.enum(['governance', 'compliance'], { error: 'expected governance or compliance' }).optional(),
  })
  .refine(({ RATCHET_LEDGER_LOCK_DAYS: days, RATCHET_LEDGER_LOCK_MODE: mode }) => mode === undefined || days !== undefined, {
    path: ['RATCHET_LEDGER_LOCK_DAYS'],
    error: 'expected days beside RATCHET_LEDGER_LOCK_MODE', // else somebody believes that there is a lock
  });

/** @throws {Error} names the variable, what was expected and what to do */
export function s3Config(environment: NodeJS.ProcessEnv): S3Config {
  const parsed = Variables.safeParse(environment);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const name = String(issue.path[0]);
    const found = environment[name] === undefined ? 'none' : JSON.stringify(environment[name]);
    throw new Error(`environment variable ${name}: ${issue.message}, found ${found}: correct or unset it`);
  }
  const { RATCHET_STORE_KMS_KEY_ID: kmsKeyId, RATCHET_LEDGER_LOCK_DAYS: days, RATCHET_LEDGER_LOCK_MODE: mode = 'governance' } = parsed.data;
  return { ...(kmsKeyId !== undefined && { kmsKeyId }), ...(days !== undefined && { ledgerLock: { mode, days } }) };
}
