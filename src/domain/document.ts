import type { z } from 'zod';
import type { Digest } from './digest.js';
import { RatchetError } from './failure.js';

/**
 * Parses the bytes of a stored document.
 * @throws {RatchetError} EvidenceCorrupt: no JSON, or not of that shape; names the digest and the field.
 */
export function parseDocument<T>(schema: z.ZodType<T>, name: string, digest: Digest, bytes: Uint8Array): T {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new RatchetError('EvidenceCorrupt', `${name} ${digest}: expected JSON, found ${bytes.length} bytes of something else`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new RatchetError(
    'EvidenceCorrupt',
    `${name} ${digest}, field ${issue?.path.join('.') || '(document)'}: ${issue?.message ?? 'not of the expected shape'}`,
    {
      remedy: 'the document was written by another version of Ratchet or changed afterwards; run ratchet audit verify',
    },
  );
}
