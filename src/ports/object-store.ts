import type { Digest } from '../domain/digest.js';

/** Bytes under names, in one place that survives. Adapters: local, s3. All calls may be repeated. */
export interface ObjectStore {
  /** The root, as Python steps get it in RATCHET_STORE_URI. */
  readonly uri: string;
  /** Stores bytes under their digest (`objects/sha256/<aa>/<hex>`) and makes them durable before it answers. @throws {RatchetError} StoreFull, StoreUnavailable, AccessDenied */
  put(bytes: Uint8Array): Promise<Digest>;
  /** The bytes of a digest, checked against it. @throws {RatchetError} EvidenceMissing, EvidenceCorrupt */
  getByDigest(digest: Digest): Promise<Uint8Array>;
  hasDigest(digest: Digest): Promise<boolean>;
  /** Deletes the bytes of a digest for good, durably; where there are none, that is fine. Only for what retention lets go. @throws {RatchetError} AccessDenied, StoreUnavailable */
  remove(digest: Digest): Promise<void>;
  /** Deletes a key of jobs or their checkpoints; where there is none, that is fine. Anything else is never deleted. @throws {RatchetError} AccessDenied, StoreUnavailable */
  removeKey(key: string): Promise<void>;
  /** Creates `key` with these bytes, whole and durable. False where it exists: exactly one racer wins. */
  createIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>;
  /** null where there is none. */
  get(key: string): Promise<Uint8Array | null>;
  /** Keys under the prefix in order, after `startAfter`, at most `limit` (≤ 1000). */
  list(prefix: string, options?: { startAfter?: string; limit?: number }): Promise<string[]>;
}
