import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePythonEnv } from '../../scripts/python-env.mjs';
import { SEARCH_ATTRIBUTES } from '../../src/workers/temporal-server.js';
import { startTestTemporal } from '../../test/servers/temporal.js';

export interface BenchServer {
  readonly address: string;
  readonly pid: number;
  readonly folder: string;
  stop(): Promise<void>;
}

/** Temporal with the settings of `ratchet up`, in a folder of its own. */
export async function startBenchServer(): Promise<BenchServer> {
  const folder = await mkdtemp(join(tmpdir(), 'ratchet-bench-'));
  const { bin } = await ensurePythonEnv({ log: console.log });
  const server = await startTestTemporal(join(bin, 'temporal'), folder, {
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, 'Keyword'])),
  });
  return {
    address: server.address,
    pid: server.pid,
    folder,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
