import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { RatchetError } from './failure.js';

/** Where a public key lies in the store. */
export function publicKeyKey(keyId: string): string {
  return `keys/${keyId}.pem`;
}

/** First 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
export function keyIdOf(key: KeyObject): string {
  const spki = key.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex').slice(0, 16);
}

/**
 * Reads an Ed25519 public key.
 * @param source names the file in the error.
 * @throws {RatchetError} InputInvalid: no PEM, no Ed25519 key.
 */
export function parsePublicKey(source: string, pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new RatchetError('InputInvalid', `${source}: expected a public key (PEM), found something else`);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new RatchetError('InputInvalid', `${source}: expected an Ed25519 public key, found ${key.asymmetricKeyType ?? 'another'}`);
}

/**
 * Whether this is the key's Ed25519 signature (base64, in its one canonical spelling) of these bytes. Works on another
 * thread: an audit keeps all cores busy.
 */
export async function isSignedBy(key: KeyObject, bytes: Uint8Array, signature: string): Promise<boolean> {
  const raw = Buffer.from(signature, 'base64');
  if (raw.toString('base64') !== signature) return false;
  return new Promise((resolve, reject) => {
    verify(null, bytes, key, raw, (error, holds) => (error === null ? resolve(holds) : reject(error)));
  });
}
