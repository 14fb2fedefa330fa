import { setTimeout as sleep } from 'node:timers/promises';
import type { PutObjectCommandInput, S3 } from '@aws-sdk/client-s3';
import type { Digest } from '../../domain/digest.js';
import { isThere } from './read-object.js';
import { httpStatus, isPreconditionFailed, isUploadGone, isWriteConflict } from './s3-error.js';
import type { S3Session } from './s3-session.js';

const TRIES_MAX = 8;
/**
 * Of more bytes it is asked first whether the key is there. A server may say that a condition does not hold before it has read
 * the body, and close: whoever is still sending then sees a connection reset, not the answer (versitygw does).
 */
const UNASKED_BYTES_MAX = 2 ** 17;
const PART_BYTES = 16 * 2 ** 20;
const PARTS_AT_ONCE = 4;
const DAY_MS = 86_400_000;

/** How long nobody may delete or replace a version. Governance: but for who has `s3:BypassGovernanceRetention`; compliance: nobody. */
export interface ObjectLock {
  readonly mode: 'governance' | 'compliance';
  readonly days: number;
}

export interface Write {
  readonly place: { readonly Bucket: string; readonly Key: string };
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  /** Only where no such key is there. */
  readonly ifAbsent: boolean;
  /** null: the bucket's own encryption. */
  readonly kmsKeyId: string | null;
  readonly lock: ObjectLock | null;
  /** More bytes than this go up in parts. */
  readonly singleBytesMax: number;
}

/**
 * Writes an object whole; the server checks the SHA-256 of what it got.
 * @returns false: `ifAbsent` did not hold
 * @throws {RatchetError} as S3Session.ask
 */
export async function writeObject(session: S3Session, write: Write): Promise<boolean> {
  const isLarge = write.bytes.length > write.singleBytesMax;
  const { ifAbsent, place } = write;
  if (ifAbsent && write.bytes.length > UNASKED_BYTES_MAX && (await isThere(session, place))) return false;
  return session.ask(isLarge ? 'CompleteMultipartUpload' : 'PutObject', async (client) => {
    for (let tries = 1; ; tries++) {
      try {
        await (isLarge ? putInParts(client, write) : putWhole(client, write));
        return true;
      } catch (error) {
        if (isPreconditionFailed(error)) return false;
        // The line broke: the key may be ours or another's. Where it is there, the caller reads which.
        if (ifAbsent && httpStatus(error) === undefined && (await isThere(session, place).catch(() => false))) return false;
        // An upload that is gone: its completion was asked twice because the first answer was lost, or somebody tidied up.
        if (!(isWriteConflict(error) || isUploadGone(error)) || tries >= TRIES_MAX) throw error;
      }
      await sleep(Math.random() * 25 * 2 ** tries);
    }
  });
}

async function putWhole(client: S3, write: Write): Promise<void> {
  const ChecksumSHA256 = Buffer.from(write.digest.slice('sha256:'.length), 'hex').toString('base64');
  await client.putObject({ ...inputOf(write), Body: write.bytes, ContentLength: write.bytes.length, ChecksumSHA256 });
}

/** Each part is tried again alone, with its own SHA-256; where it fails for good, what was sent is taken back. */
async function putInParts(client: S3, write: Write): Promise<void> {
  const { Upload } = await import('@aws-sdk/lib-storage');
  const partSize = Math.max(PART_BYTES, Math.ceil(write.bytes.length / 10_000)); // S3 takes 10,000 parts
  const params = { ...inputOf(write), Body: write.bytes, ChecksumAlgorithm: 'SHA256' as const };
  await new Upload({ client, params, partSize, queueSize: PARTS_AT_ONCE }).done();
}

function inputOf({ place, ifAbsent, kmsKeyId, lock }: Write): PutObjectCommandInput {
  return {
    ...place,
    ...(ifAbsent && { IfNoneMatch: '*' }),
    ...(kmsKeyId !== null && { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKeyId }),
    ...(lock !== null && {
      ObjectLockMode: lock.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
      ObjectLockRetainUntilDate: new Date(Date.now() + lock.days * DAY_MS),
    }),
  };
}
