import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startS3Server, type TestS3 } from './s3-server.js';

export interface TestVersitygw extends TestS3 {
  /** Buckets are folders below it. */
  readonly folder: string;
}

/** A real S3 server over a folder. It knows object lock; encryption it takes note of and does not do. */
export async function startTestVersitygw(binary: string, home: string): Promise<TestVersitygw> {
  const [folder, versions] = [join(home, 's3'), join(home, 's3-versions')];
  for (const made of [folder, versions]) mkdirSync(made, { recursive: true });
  const server = await startS3Server(
    {
      name: 'versitygw',
      command: binary,
      args: (address) => ['--port', address, '--quiet', 'posix', '--versioning-dir', versions, folder],
      environment: ({ access, secret }) => ({ ROOT_ACCESS_KEY: access, ROOT_SECRET_KEY: secret }),
      isHealthy: (url) => fetch(url, { signal: AbortSignal.timeout(1000) }).then(() => true),
    },
    home,
  );
  return { ...server, folder };
}
