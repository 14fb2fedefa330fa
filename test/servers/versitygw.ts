import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { serverEnvironment, startServer } from '../../src/adapters/local/servers/server-process.js';
import type { RunningServer } from '../../src/adapters/local/servers/server-process.js';
import { freePort } from './free-port.js';

export interface TestS3 extends RunningServer {
  readonly port: number;
  /** What a client needs, credentials included. */
  readonly environment: Record<string, string>;
  /** Buckets are folders below it. */
  readonly folder: string;
}

/** A real S3 server over a folder. */
export async function startTestS3(bin: string, home: string, port?: number): Promise<TestS3> {
  const chosen = port ?? (await freePort());
  const [folder, versions] = [join(home, 's3'), join(home, 's3-versions')];
  for (const made of [folder, versions]) mkdirSync(made, { recursive: true });
  const access = 'ratchet-test';
  const secret = randomBytes(16).toString('hex');
  const url = `http://127.0.0.1:${chosen}`;
  const server = await startServer(
    {
      name: 'versitygw',
      command: bin,
      args: ['--port', `127.0.0.1:${chosen}`, '--quiet', 'posix', '--versioning-dir', versions, folder],
      environment: { ...serverEnvironment(), ROOT_ACCESS_KEY: access, ROOT_SECRET_KEY: secret },
      logFile: join(home, 'logs', 'versitygw.log'),
      isHealthy: () =>
        fetch(url, { signal: AbortSignal.timeout(1000) }).then(
          () => true,
          () => false,
        ),
      startMsMax: 30_000,
    },
    `127.0.0.1:${chosen}`,
  );
  const environment = { AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_S3: url };
  return { ...server, port: chosen, environment, folder };
}
