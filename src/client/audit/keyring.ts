import type { KeyObject } from 'node:crypto';
import { RatchetError } from '../../domain/failure.js';
import { keyIdOf, parsePublicKey, publicKeyKey } from '../../domain/public-key.js';
import type { ObjectStore } from '../../ports/object-store.js';

export interface FoundKey {
  /** null: a signature by this key cannot be checked. */
  readonly key: KeyObject | null;
  /** Why this key is not good enough, in words; null: it is. */
  readonly problem: string | null;
}

/** A public key that came another way than with the ledger. */
export interface GivenKey {
  /** Names it in an error: its file. */
  readonly source: string;
  readonly pem: string;
}

export interface Keyring {
  find(keyId: string): Promise<FoundKey>;
}

/**
 * Public keys by their id: those that were given, which then are the only good ones, or those that lie in the store.
 * @throws {RatchetError} InputInvalid: a given key is no Ed25519 public key.
 */
export function createKeyring(store: ObjectStore, givenKeys: readonly GivenKey[] = []): Keyring {
  const given = new Map(givenKeys.map(({ source, pem }) => parsePublicKey(source, pem)).map((key) => [keyIdOf(key), key]));
  const found = new Map<string, Promise<FoundKey>>();
  return {
    find: (keyId) => {
      const known = found.get(keyId) ?? look(keyId);
      found.set(keyId, known);
      return known;
    },
  };

  async function look(keyId: string): Promise<FoundKey> {
    const key = given.get(keyId);
    if (key !== undefined) return { key, problem: null };
    const stored = await fromStore(keyId);
    if (given.size === 0 || stored.key === null) return stored;
    return { key: stored.key, problem: `expected one of the given keys (${[...given.keys()].join(', ')}), found ${keyId}` };
  }

  async function fromStore(keyId: string): Promise<FoundKey> {
    // A key id that was tampered with is no name of a file.
    if (!/^[0-9a-f]{16}$/.test(keyId)) return { key: null, problem: `expected 16 hex digits, found "${keyId.slice(0, 100)}"` };
    const name = publicKeyKey(keyId);
    const pem = await store.get(name);
    if (pem === null) return { key: null, problem: `expected the public key in ${name}, found nothing` };
    try {
      const key = parsePublicKey(name, Buffer.from(pem).toString('utf8'));
      return keyIdOf(key) === keyId
        ? { key, problem: null }
        : { key: null, problem: `expected the key ${keyId} in ${name}, found ${keyIdOf(key)}` };
    } catch (error) {
      if (error instanceof RatchetError) return { key: null, problem: error.message };
      throw error;
    }
  }
}
