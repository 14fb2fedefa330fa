import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3 } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { openS3Client } from '../../../src/adapters/s3/s3-client.js';
import { startTestMinio } from '../../servers/minio.js';
import type { TestS3 } from '../../servers/s3-server.js';
import { startTestVersitygw } from '../../servers/versitygw.js';

const { name, binary } = inject('triedS3');
const start = { versitygw: startTestVersitygw, minio: startTestMinio }[name];

interface TriedServer {
  /** Of the file's own, ended with it. */
  server(): TestS3;
  /** With all rights on it. */
  client(): S3;
  /** The name of an empty bucket. */
  newBucket(options?: { hasLock: boolean }): Promise<string>;
}

/** Tests on the server that this project of vitest tries: MinIO in the project of its name, else versitygw. */
export function describeOnTriedServer(what: string, body: (tried: TriedServer) => void): void {
  describe.skipIf(binary === null)(`${what} on ${name}, a real S3 server (skipped where there is no Go to build it)`, () => {
    let home: string;
    let server: TestS3;
    let client: S3;
    let buckets = 0;
    beforeAll(async () => {
      home = mkdtempSync(join(tmpdir(), 'ratchet-test-s3-'));
      server = await start(binary!, home);
      client = await openS3Client(server.environment, 10_000);
    });
    afterAll(async () => {
      client?.destroy();
      await server?.stop();
      rmSync(home, { recursive: true, force: true });
    });
    body({ server: () => server, client: () => client, newBucket });

    async function newBucket({ hasLock } = { hasLock: false }): Promise<string> {
      const Bucket = `ratchet-test-${++buckets}`;
      await client.createBucket({ Bucket, ...(hasLock && { ObjectLockEnabledForBucket: true }) });
      return Bucket;
    }
  });
}
