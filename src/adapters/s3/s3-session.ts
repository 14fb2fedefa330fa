import type { S3 } from '@aws-sdk/client-s3';
import { openS3Client } from './s3-client.js';
import { explainS3Error, isExpired } from './s3-error.js';

/** The client of one store, and what its errors mean. */
export interface S3Session {
  /** @throws {RatchetError} StoreFull, StoreUnavailable, AccessDenied */
  ask<T>(operation: string, ask: (client: S3) => Promise<T>): Promise<T>;
}

/** The SDK loads with the first question. */
export function openS3Session(uri: string, environment: NodeJS.ProcessEnv, requestTimeoutMs: number): S3Session {
  let opened: Promise<S3> | undefined;
  const client = (): Promise<S3> => (opened ??= openS3Client(environment, requestTimeoutMs));
  return { ask };

  async function ask<T>(operation: string, question: (client: S3) => Promise<T>): Promise<T> {
    const used = client();
    try {
      return await question(await used).catch(async (error: unknown) => {
        if (!isExpired(error)) throw error;
        // The SDK keeps what it once read: a new client reads a profile, a token file or the machine's role anew.
        if (opened === used) opened = undefined;
        return question(await client());
      });
    } catch (error) {
      throw explainS3Error(error, uri, operation);
    }
  }
}
