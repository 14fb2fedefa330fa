import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startS3Server, type TestS3 } from './s3-server.js';

/** The one key that its static KMS has. */
export const MINIO_KMS_KEY_ID = 'ratchet-test';

/** A real MinIO with one drive and without its console. It encrypts (SSE-KMS), unless it has no KMS, and knows object lock. */
export async function startTestMinio(binary: string, home: string, { hasKms = true } = {}): Promise<TestS3> {
  const [folder, certificates] = [join(home, 'minio'), join(home, 'minio-certs')];
  for (const made of [folder, certificates]) mkdirSync(made, { recursive: true });
  return startS3Server(
    {
      name: 'minio',
      command: binary,
      args: (address) => ['server', '--address', address, '--certs-dir', certificates, '--quiet', folder],
      environment: ({ access, secret }) => ({
        MINIO_ROOT_USER: access,
        MINIO_ROOT_PASSWORD: secret,
        ...(hasKms && { MINIO_KMS_SECRET_KEY: `${MINIO_KMS_KEY_ID}:${randomBytes(32).toString('base64')}` }),
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off', // it asks nobody for a newer one
      }),
      isHealthy: (url) => fetch(`${url}/minio/health/cluster`, { signal: AbortSignal.timeout(1000) }).then(({ ok }) => ok),
    },
    home,
  );
}
