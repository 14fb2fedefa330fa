import { join } from 'node:path';
import { serverEnvironment, startServer } from '../../src/adapters/local/servers/server-process.js';
import type { RunningServer } from '../../src/adapters/local/servers/server-process.js';
import { freePort } from './free-port.js';

/** Moto, which checks the shapes of requests to AWS and answers most of them from memory. */
export async function startTestMoto(python: string, home: string): Promise<RunningServer & { url: string }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer(
    {
      name: 'moto',
      command: python,
      args: ['-m', 'moto.server', '--host', '127.0.0.1', '--port', String(port)],
      environment: { ...serverEnvironment(), MOTO_ACCOUNT_ID: '000000000000' },
      logFile: join(home, 'moto.log'),
      isHealthy: () =>
        fetch(`${url}/moto-api/`, { signal: AbortSignal.timeout(2000) }).then(
          ({ ok }) => ok,
          () => false,
        ),
      startMsMax: 60_000,
    },
    `127.0.0.1:${port}`,
  );
  return { ...server, url };
}
