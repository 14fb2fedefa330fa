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

interface ParsedEvidence<T> {
  readonly evidence: Evidence;
  readonly body: T;
}

/** What lies under a digest never changes, and the stages of a cycle read the same few small documents again and again. */
const KEPT_MAX = 64;
const KEPT_BYTES_MAX = 65_536;
const keptOf = new WeakMap<ObjectStore, Map<Digest, { readonly schema: z.ZodType; readonly parsed: ParsedEvidence<unknown> }>>();

/**
 * A stage's evidence and its body, parsed; shared with other callers, so never to be changed. One that was read before is not read
 * again: whether it is still there, unchanged, is looked at before a promotion.
 * @throws {RatchetError} EvidenceMissing, EvidenceCorrupt
 */
export async function getEvidence<T>(store: ObjectStore, stage: Stage, schema: z.ZodType<T>, digest: Digest): Promise<ParsedEvidence<T>> {
  const kept = keptOf.get(store) ?? new Map<Digest, { schema: z.ZodType; parsed: ParsedEvidence<unknown> }>();
  keptOf.set(store, kept);
  const known = kept.get(digest);
  if (known?.schema === schema && known.parsed.evidence.stage === stage) return known.parsed as ParsedEvidence<T>;
  const bytes = await store.getByDigest(digest);
  const parsed = parseEvidence(schema, stage, digest, bytes);
  if (bytes.length > KEPT_BYTES_MAX) return parsed;
  kept.set(digest, { schema, parsed });
  const oldest = kept.keys().next().value;
  if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
  return parsed;
}
