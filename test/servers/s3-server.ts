import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { serverEnvironment, startServer, type RunningServer } from '../../src/adapters/local/servers/server-process.js';
import { freePort } from './free-port.js';

/** A real S3 server on loopback, whose data lie below one folder. */
export interface TestS3 extends RunningServer {
  readonly port: number;
  /** What a client needs, credentials included. */
  readonly environment: Record<string, string>;
}

/** How one program is told where to listen and who may ask. */
export interface S3Program {
  readonly name: string;
  readonly command: string;
  readonly args: (address: string) => readonly string[];
  readonly environment: (user: { readonly access: string; readonly secret: string }) => Record<string, string>;
  /** Whether it answers requests of S3. */
  readonly isHealthy: (url: string) => Promise<boolean>;
}

/** @param home holds its log; also its HOME, so that nothing of it lies elsewhere */
export async function startS3Server(program: S3Program, home: string): Promise<TestS3> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const url = `http://${address}`;
  const user = { access: 'ratchet-test', secret: randomBytes(16).toString('hex') };
  const server = await startServer(
    {
      name: program.name,
      command: program.command,
      args: program.args(address),
      environment: { ...serverEnvironment(), HOME: home, ...program.environment(user) },
      logFile: join(home, 'logs', `${program.name}.log`),
      isHealthy: () => program.isHealthy(url).catch(() => false),
      startMsMax: 30_000,
    },
    address,
  );
  const credentials = { AWS_ACCESS_KEY_ID: user.access, AWS_SECRET_ACCESS_KEY: user.secret };
  return { ...server, port, environment: { ...credentials, AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_S3: url } };
}
