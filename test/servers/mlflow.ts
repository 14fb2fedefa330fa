import { startMlflow } from '../../src/adapters/local/servers/mlflow-server.js';
import type { RunningServer } from '../../src/adapters/local/servers/server-process.js';
import { freePort } from './free-port.js';

/** MLflow as the product starts it, on a free port, with its data below `home`. */
export async function startTestMlflow(python: string, home: string, port?: number): Promise<RunningServer & { url: string; port: number }> {
  const chosen = port ?? (await freePort());
  const server = await startMlflow({ python, home, port: chosen });
  return { ...server, url: `http://${server.address}`, port: chosen };
}
