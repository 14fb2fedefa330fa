import { setTimeout as sleep } from 'node:timers/promises';
import type { PutObjectCommandInput, S3 } from '@aws-sdk/client-s3';
import { digestOfBytes } from '../../domain/digest.js';
import type { Digest } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import { checkObjectKey, checkObjectKeyPrefix, objectKey } from '../../domain/object-key.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { openS3Client, parseS3Uri } from './s3-client.js';
import { explainS3Error, isNoSuchKey, isPreconditionFailed, isWriteConflict } from './s3-error.js';

const conflictTriesMax = 8;

export interface S3ObjectStoreOptions {
  /** `s3://<bucket>` or `s3://<bucket>/<prefix>`. */
  readonly uri: string;
  /** AWS_REGION, AWS_ENDPOINT_URL_S3, and the credentials as the SDK finds them. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly requestTimeoutMs?: number;
}

/**
 * Objects in a bucket of any S3 server that knows conditional writes (`If-None-Match: *`). Each write carries its SHA-256,
 * which the server checks.
 *
 * `createIfAbsent` may answer false although it was this very call that created the key: the first answer was lost and the
 * SDK asked again. Whoever appends reads what stands there and adopts it where it is the same.
 */
export function createS3ObjectStore({ uri, environment = process.env, requestTimeoutMs = 30_000 }: S3ObjectStoreOptions): ObjectStore {
  const { bucket, prefix } = parseS3Uri(uri);
  let opened: Promise<S3> | undefined;
  const client = () => (opened ??= openS3Client(environment, requestTimeoutMs));
  const keyOf = (key: string) => prefix + checkObjectKey(key);
  return { uri, put, getByDigest, hasDigest, remove, createIfAbsent, get, list };

  async function put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOfBytes(bytes);
    const key = objectKey(digest);
    if (await write(key, bytes, digest, '*')) return digest;
    const found = await get(key);
    if (!found || digestOfBytes(found) !== digest) await write(key, bytes, digest);
    return digest;
  }

  async function getByDigest(digest: Digest): Promise<Uint8Array> {
    const key = objectKey(digest);
    const bytes = await get(key);
    const remedy = 'restore the object from a version or a copy of the bucket, or run the stage that made it again';
    if (!bytes) throw new RatchetError('EvidenceMissing', `object store ${uri}: expected ${key}, found nothing`, { remedy });
    const found = digestOfBytes(bytes);
    if (found !== digest)
      throw new RatchetError('EvidenceCorrupt', `object store ${uri}: ${key} holds ${bytes.length} bytes whose digest is ${found}`, {
        remedy,
      });
    return bytes;
  }

  async function hasDigest(digest: Digest): Promise<boolean> {
    const input = { Bucket: bucket, Key: keyOf(objectKey(digest)) };
    return (await asking('HeadObject', async () => unlessMissing((await client()).headObject(input)))) !== null;
  }

  async function remove(digest: Digest): Promise<void> {
    const input = { Bucket: bucket, Key: keyOf(objectKey(digest)) };
    await asking('DeleteObject', async () => unlessMissing((await client()).deleteObject(input))); // some servers miss what is gone
  }

  async function createIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    return write(key, bytes, digestOfBytes(bytes), '*');
  }

  /** @returns false: `ifNoneMatch` did not hold */
  async function write(key: string, bytes: Uint8Array, digest: Digest, ifNoneMatch?: '*'): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        await (await client()).putObject(putInput(key, bytes, digest, ifNoneMatch));
        return true;
      } catch (error) {
        if (isPreconditionFailed(error)) return false;
        if (!isWriteConflict(error) || tries >= conflictTriesMax) throw explainS3Error(error, uri, 'PutObject');
      }
      await sleep(Math.random() * 25 * 2 ** tries);
    }
  }

  function putInput(key: string, bytes: Uint8Array, digest: Digest, ifNoneMatch?: '*'): PutObjectCommandInput {
    return {
      Bucket: bucket,
      Key: keyOf(key),
      Body: bytes,
      ContentLength: bytes.length,
      ChecksumSHA256: Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64'),
      ...(ifNoneMatch && { IfNoneMatch: ifNoneMatch }),
    };
  }

  async function get(key: string): Promise<Uint8Array | null> {
    const input = { Bucket: bucket, Key: keyOf(key) };
    return asking('GetObject', async () => {
      const answer = await unlessMissing((await client()).getObject(input));
      return answer && ((await answer.Body?.transformToByteArray()) ?? new Uint8Array());
    });
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
      const answer = await asking('ListObjectsV2', async () => (await client()).listObjectsV2(input));
      const found = (answer.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key.slice(prefix.length)]));
      keys.push(...found.filter((key) => !key.endsWith('/'))); // some servers list folders
      if (!answer.IsTruncated || found.length === 0) return keys;
      after = found.at(-1)!;
    }
  }

  async function asking<T>(operation: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw explainS3Error(error, uri, operation);
    }
  }
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isNoSuchKey(error)) return null;
    throw error;
  }
}
