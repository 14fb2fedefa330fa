import type { z } from 'zod';
import type { Digest } from '../domain/digest.js';
import { documentBytes, parseDocument, parseEvidence } from '../domain/document.js';
import type { Evidence, Stage } from '../domain/evidence.js';
import type { ObjectStore } from '../ports/object-store.js';

/** Documents are canonical JSON under their digest. */
export async function putDocument(store: ObjectStore, document: unknown): Promise<Digest> {
  return store.put(documentBytes(document));
}

/** @throws {RatchetError} EvidenceMissing, EvidenceCorrupt */
export async function getDocument<T>(store: ObjectStore, schema: z.ZodType<T>, name: string, digest: Digest): Promise<T> {
  return parseDocument(schema, name, digest, await store.getByDigest(digest));
}

/** A stage's evidence and its body, parsed. @throws {RatchetError} EvidenceMissing, EvidenceCorrupt */
export async function getEvidence<T>(
  store: ObjectStore,
  stage: Stage,
  schema: z.ZodType<T>,
  digest: Digest,
): Promise<{ evidence: Evidence; body: T }> {
  return parseEvidence(schema, stage, digest, await store.getByDigest(digest));
}
