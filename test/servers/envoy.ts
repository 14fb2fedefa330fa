import { dirname, join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { envoyMissing, findEnvoy, startEnvoy } from '../../src/adapters/local/servers/envoy-server.js';
import { freePorts } from './free-port.js';
import type { RunningServer } from '../../src/adapters/local/servers/server-process.js';

export interface TestEnvoy {
  readonly folder: string;
  readonly url: string;
  readonly adminUrl: string;
  readonly logFile: string;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** On the same ports and files. */
  start(): Promise<void>;
}

/** Envoy as the product starts it, ended after the test. */
export async function startTestEnvoy(folder: string): Promise<TestEnvoy> {
  const envoy = findEnvoy(dirname(inject('python')));
  if (envoy === null) throw new Error(envoyMissing);
  const [port, adminPort] = (await freePorts(2)) as [number, number];
  const logFile = join(folder, 'envoy.log');
  let server: RunningServer | undefined;
  onTestFinished(() => server?.stop());
  const start = async (): Promise<void> => {
    server = await startEnvoy({ envoy, folder, port, adminPort, logFile });
  };
  await start();
  return {
    folder,
    url: `http://127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    logFile,
    start,
    async kill() {
      process.kill(server!.pid, 'SIGKILL');
      await server!.exited;
    },
  };
}
