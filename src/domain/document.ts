import type { z } from 'zod';
import { canonicalJson, type Digest } from './digest.js';
import { Evidence, type Stage } from './evidence.js';
import { RatchetError } from './failure.js';

/** A document as it is stored: its digest is over these bytes. */
export function documentBytes(document: unknown): Uint8Array {
  return Buffer.from(canonicalJson(document), 'utf8');
}

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
  return parseValue(schema, name, digest, value);
}

/**
 * Parses the bytes of a stage's evidence and its body.
 * @throws {RatchetError} EvidenceCorrupt: as `parseDocument`, or it is another stage's.
 */
export function parseEvidence<T>(schema: z.ZodType<T>, stage: Stage, digest: Digest, bytes: Uint8Array): { evidence: Evidence; body: T } {
  const evidence = parseDocument(Evidence, `${stage} evidence`, digest, bytes);
  if (evidence.stage !== stage) {
    throw new RatchetError('EvidenceCorrupt', `${stage} evidence ${digest}, field stage: expected ${stage}, found ${evidence.stage}`);
  }
  return { evidence, body: parseValue(schema, `${stage} evidence body`, digest, evidence.body) };
}

function parseValue<T>(schema: z.ZodType<T>, name: string, digest: Digest, value: unknown): T {
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
