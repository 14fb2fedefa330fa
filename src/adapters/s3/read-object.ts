import { setTimeout as sleep } from 'node:timers/promises';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { isNoSuchKey } from './s3-error.js';
import type { S3Session } from './s3-session.js';

/** An answer whose body is cut off is asked for so often in all: the SDK's own retries end where the body begins. */
const TRIES_MAX = 5;

/** All bytes of an object, as many as its length says; null where there is none. @throws {RatchetError} as S3Session.ask */
export async function readObject(session: S3Session, place: { Bucket: string; Key: string }): Promise<Uint8Array | null> {
  return session.ask('GetObject', async (client) => {
    for (let tries = 1; ; tries++) {
      const answer = await unlessMissing(client.getObject(place));
      if (answer === null) return null;
      const bytes = await wholeBody(answer).catch((error: unknown) => {
        if (tries >= TRIES_MAX) throw error;
        return null;
      });
      if (bytes !== null) return bytes;
      await sleep(Math.random() * 25 * 2 ** tries);
    }
  });
}

/** @throws {RatchetError} as S3Session.ask */
export async function isThere(session: S3Session, place: { Bucket: string; Key: string }): Promise<boolean> {
  return (await session.ask('HeadObject', (client) => unlessMissing(client.headObject(place)))) !== null;
}

async function wholeBody({ Body, ContentLength }: GetObjectCommandOutput): Promise<Uint8Array> {
  const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
  if (ContentLength === undefined || bytes.length === ContentLength) return bytes;
  throw new Error(`expected a body of ${ContentLength} bytes, found ${bytes.length}`);
}

/** @returns null: there is no such object */
export async function unlessMissing<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isNoSuchKey(error)) return null;
    throw error;
  }
}
