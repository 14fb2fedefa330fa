import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RatchetError } from '../../domain/failure.js';
import { keyIdOf } from '../../domain/public-key.js';
import type { Signer } from '../../ports/signer.js';
import { explainDiskError } from './disk-error.js';
import { createDurably, errorCode, makeFolderDurably } from './durable-file.js';

/**
 * Signs with the Ed25519 key in `<home>/keys/ledger.key`, which is made at the first use; of several processes that start
 * at once all get the same.
 * @throws {RatchetError} AccessDenied: others may read the file, or it is no such key. StoreFull
 */
export async function createLocalSigner(home: string): Promise<Signer> {
  const folder = join(resolve(home), 'keys');
  const file = join(folder, 'ledger.key');
  try {
    const privateKey = (await readKey(file)) ?? (await makeKey(folder, file));
    const publicKey = createPublicKey(privateKey);
    return {
      keyId: keyIdOf(publicKey),
      publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      sign: async (bytes) => sign(null, bytes, privateKey).toString('base64'),
    };
  } catch (error) {
    throw await explainDiskError(error, 'signing key', file);
  }
}

async function makeKey(folder: string, file: string): Promise<KeyObject> {
  await makeFolderDurably(folder);
  const { privateKey } = generateKeyPairSync('ed25519');
  const created = await createDurably(folder, file, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  return (created ? privateKey : await readKey(file)) ?? privateKey;
}

async function readKey(file: string): Promise<KeyObject | null> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  });
  if (!handle) return null;
  try {
    // Looked at through the open file, so that what is checked is what is read.
    const mode = (await handle.stat()).mode & 0o777;
    if (mode & 0o077)
      throw refused(
        file,
        `expected a file that only its owner may read (mode 600), found mode ${mode.toString(8)}`,
        `if nobody else can have read it: chmod 600 ${file}; else replace the key`,
      );
    return parseKey(file, await handle.readFile('utf8'));
  } finally {
    await handle.close();
  }
}

function parseKey(file: string, pem: string): KeyObject {
  const remedy = `put the key back from a copy; without one, move ${file} away and a new key is made, which the ledger's owner must add`;
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw refused(file, 'expected an Ed25519 private key (PKCS #8, PEM), found something else', remedy); // without the cause, which could show key material
  }
  if (key.asymmetricKeyType !== 'ed25519') throw refused(file, `expected an Ed25519 private key, found ${key.asymmetricKeyType}`, remedy);
  return key;
}

function refused(file: string, message: string, remedy: string): RatchetError {
  return new RatchetError('AccessDenied', `signing key ${file}: ${message}`, { remedy });
}
