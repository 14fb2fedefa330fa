import { digestOfBytes } from '../../src/domain/digest.js';
import { checkRemovableKey } from '../../src/domain/object-key.js';
import { RatchetError } from '../../src/domain/failure.js';
import type { ObjectStore } from '../../src/ports/object-store.js';

export interface MemoryStore extends ObjectStore {
  /** What lies in the store: change it to tamper with it. */
  readonly files: Map<string, Uint8Array>;
  /** Requests so far, by kind. */
  readonly requests: { get: number; list: number; create: number };
  /** Every call hangs, or is refused for lack of room or of rights, until it is null again. */
  outage: 'hangs' | 'is full' | 'denies' | null;
}

/** An object store in memory, with the same order, limits and create-if-absent as the real ones. */
export function createMemoryStore(): MemoryStore {
  const files = new Map<string, Uint8Array>();
  const requests = { get: 0, list: 0, create: 0 };
  const objectKeyOf = (digest: string): string => `objects/sha256/${digest.slice(7, 9)}/${digest.slice(7)}`;

  const store: MemoryStore = {
    uri: 'memory:',
    outage: null,
    files,
    requests,
    async put(bytes) {
      const digest = digestOfBytes(bytes);
      files.set(objectKeyOf(digest), bytes);
      return digest;
    },
    async getByDigest(digest) {
      const bytes = files.get(objectKeyOf(digest));
      if (bytes === undefined) throw new RatchetError('EvidenceMissing', `${digest}: expected an object, found nothing`);
      if (digestOfBytes(bytes) !== digest) throw new RatchetError('EvidenceCorrupt', `${digest}: expected its bytes, found others`);
      return bytes;
    },
    async hasDigest(digest) {
      return files.has(objectKeyOf(digest));
    },
    async remove(digest) {
      files.delete(objectKeyOf(digest));
    },
    async removeKey(key) {
      files.delete(checkRemovableKey(key));
    },
    async createIfAbsent(key, bytes) {
      requests.create++;
      if (files.has(key)) return false;
      files.set(key, bytes);
      return true;
    },
    async get(key) {
      requests.get++;
      return files.get(key) ?? null;
    },
    async list(prefix, { startAfter = '', limit = 1000 } = {}) {
      requests.list++;
      const keys = [...files.keys()].filter((key) => key.startsWith(prefix) && key > startAfter);
      return keys.sort().slice(0, limit);
    },
  };
  const calls = ['put', 'getByDigest', 'hasDigest', 'remove', 'removeKey', 'createIfAbsent', 'get', 'list'] as const;
  for (const name of calls) {
    const call = store[name] as (...args: unknown[]) => Promise<unknown>;
    Object.assign(store, {
      [name]: async (...args: unknown[]) => {
        if (store.outage === 'is full') throw new RatchetError('StoreFull', 'no space left');
        if (store.outage === 'denies')
          throw new RatchetError('AccessDenied', 'the credentials have run out', { remedy: 'renew them, then `ratchet retry`' });
        while (store.outage === 'hangs') await new Promise((resolve) => setTimeout(resolve, 20));
        return call(...args);
      },
    });
  }
  return store;
}
