import type { z } from 'zod';
import { canonicalJson, type Digest } from '../domain/digest.js';
import { parseDocument } from '../domain/document.js';
import { Evidence, type Stage } from '../domain/evidence.js';
import type { ObjectStore } from '../ports/object-store.js';

/** Documents are canonical JSON under their digest. */
export async function putDocument(store: ObjectStore, document: unknown): Promise<Digest> {
  return store.put(Buffer.from(canonicalJson(document), 'utf8'));
}

/** @throws {RatchetError} EvidenceMissing, EvidenceCorrupt */
export async function getDocument<T>(store: ObjectStore, schema: z.ZodType<T>, name: string, digest: Digest): Promise<T> {
  return parseDocument(schema, name, digest, await store.getByDigest(digest));
}

/** The body of a stage's evidence, parsed. @throws {RatchetError} EvidenceMissing, EvidenceCorrupt */
export async function getEvidence<T>(
  store: ObjectStore,
  stage: Stage,
  schema: z.ZodType<T>,
  digest: Digest,
): Promise<{ evidence: Evidence; body: T }> {
  const evidence = await getDocument(store, Evidence, `${stage} evidence`, digest);
  return { evidence, body: parseDocument(schema, `${stage} evidence body`, digest, Buffer.from(JSON.stringify(evidence.body), 'utf8')) };
}
