import { join } from 'node:path';
import { startTemporal } from '../../src/adapters/local/servers/temporal-server.js';
import type { RunningServer } from '../../src/adapters/local/servers/server-process.js';
import { freePort } from './free-port.js';

/** Temporal as the product starts it, without its UI, on a free port, with its database below `home`. */
export async function startTestTemporal(
  bin: string,
  home: string,
  { port, searchAttributes = {} }: { port?: number; searchAttributes?: Record<string, string> } = {},
): Promise<RunningServer & { port: number }> {
  const chosen = port ?? (await freePort());
  const files = { dbFile: join(home, 'temporal.db'), logFile: join(home, 'logs', 'temporal.log') };
  const server = await startTemporal({ bin, ...files, port: chosen, uiPort: null, searchAttributes });
  return { ...server, port: chosen };
}
