import { digestOfBytes } from '../../domain/digest.js';
import type { Digest } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import { checkObjectKey, checkObjectKeyPrefix, checkRemovableKey, objectKey } from '../../domain/object-key.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { isThere, readObject, unlessMissing } from './read-object.js';
import { parseS3Uri } from './s3-client.js';
import { openS3Session } from './s3-session.js';
import { writeObject, type ObjectLock } from './write-object.js';

/** Read again so often where the digest is wrong: a fault on the way is not one of the object. */
const READS_MAX = 2;

export interface S3ObjectStoreOptions {
  /** `s3://<bucket>` or `s3://<bucket>/<prefix>`. */
  readonly uri: string;
  /** AWS_REGION, AWS_ENDPOINT_URL_S3, and the credentials as the SDK finds them. */
  readonly environment?: NodeJS.ProcessEnv;
  /** So long a connection may be silent. */
  readonly requestTimeoutMs?: number;
  /** Every object is encrypted with this key of AWS KMS; absent: as the bucket says. */
  readonly kmsKeyId?: string;
  /** Records of ledgers and the keys that they are checked with are locked from their first byte on; absent: as the bucket says. */
  readonly ledgerLock?: ObjectLock;
  /** Larger objects go up in parts. S3 takes at most 5 GiB at once. */
  readonly singleBytesMax?: number;
}

/**
 * Objects in a bucket of any S3 server that knows conditional writes (`If-None-Match: *`). Each write carries its SHA-256,
 * which the server checks.
 *
 * `createIfAbsent` may answer false although it was this very call that created the key: the first answer was lost and the
 * SDK asked again. Whoever appends reads what stands there and adopts it where it is the same.
 */
export function createS3ObjectStore(options: S3ObjectStoreOptions): ObjectStore {
  const { uri, environment = process.env, requestTimeoutMs = 30_000, singleBytesMax = 64 * 2 ** 20 } = options;
  const { bucket, prefix } = parseS3Uri(uri);
  const session = openS3Session(uri, environment, requestTimeoutMs);
  const placeOf = (key: string) => ({ Bucket: bucket, Key: prefix + checkObjectKey(key) });
  return { uri, put, getByDigest, hasDigest, remove, removeKey, createIfAbsent, get, list };

  async function put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOfBytes(bytes);
    const key = objectKey(digest);
    if (await write(key, bytes, digest, true)) return digest;
    const found = await get(key);
    if (!found || digestOfBytes(found) !== digest) await write(key, bytes, digest, false);
    return digest;
  }

  async function getByDigest(digest: Digest): Promise<Uint8Array> {
    const key = objectKey(digest);
    const remedy = 'restore the object from a version or a copy of the bucket, or run the stage that made it again';
    for (let reads = 1; ; reads++) {
      const bytes = await get(key);
      if (!bytes) throw new RatchetError('EvidenceMissing', `object store ${uri}: expected ${key}, found nothing`, { remedy });
      const found = digestOfBytes(bytes);
      if (found === digest) return bytes;
      if (reads < READS_MAX) continue;
      throw new RatchetError('EvidenceCorrupt', `object store ${uri}: ${key} holds ${bytes.length} bytes whose digest is ${found}`, {
        remedy,
      });
    }
  }

  async function hasDigest(digest: Digest): Promise<boolean> {
    return isThere(session, placeOf(objectKey(digest)));
  }

  async function remove(digest: Digest): Promise<void> {
    await removeObject(placeOf(objectKey(digest)));
  }

  async function removeKey(key: string): Promise<void> {
    await removeObject({ Bucket: bucket, Key: prefix + checkRemovableKey(key) });
  }

  async function removeObject(place: { Bucket: string; Key: string }): Promise<void> {
    await session.ask('DeleteObject', (client) => unlessMissing(client.deleteObject(place))); // some servers miss what is gone
  }

  async function createIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    return write(key, bytes, digestOfBytes(bytes), true);
  }

  async function write(key: string, bytes: Uint8Array, digest: Digest, ifAbsent: boolean): Promise<boolean> {
    const lock = /^(ledger|keys)\//.test(key) ? (options.ledgerLock ?? null) : null;
    return writeObject(session, { place: placeOf(key), bytes, digest, ifAbsent, lock, kmsKeyId: options.kmsKeyId ?? null, singleBytesMax });
  }

  async function get(key: string): Promise<Uint8Array | null> {
    return readObject(session, placeOf(key));
  }

  async function list(
    keyPrefix: string,
    { startAfter = '', limit = 1000 }: { startAfter?: string; limit?: number } = {},
  ): Promise<string[]> {
    const Prefix = prefix + checkObjectKeyPrefix(keyPrefix);
    const keys: string[] = [];
    let after = startAfter;
    for (;;) {
      const room = Math.min(limit, 1000) - keys.length;
      if (room <= 0) return keys;
      const input = { Bucket: bucket, Prefix, MaxKeys: room, ...(after && { StartAfter: prefix + after }) };
      const answer = await session.ask('ListObjectsV2', (client) => client.listObjectsV2(input));
      const found = (answer.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key.slice(prefix.length)]));
      keys.push(...found.filter((key) => !key.endsWith('/'))); // some servers list folders
      if (!answer.IsTruncated || found.length === 0) return keys;
      after = found.at(-1)!;
    }
  }
}
