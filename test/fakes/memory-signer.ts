import { generateKeyPairSync, sign } from 'node:crypto';
import { keyIdOf } from '../../src/domain/public-key.js';
import type { Signer } from '../../src/ports/signer.js';

/** A signer with a new key that lies nowhere. */
export function createMemorySigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    keyId: keyIdOf(publicKey),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: async (bytes) => sign(null, bytes, privateKey).toString('base64'),
  };
}
