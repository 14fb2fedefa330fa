import { isRunning } from '../../adapters/local/process-identity.js';
import { stopServer } from '../../adapters/local/servers/server-process.js';
import type { Endpoints, ProcessIdentity } from '../../config/endpoints.js';

/**
 * Ends the servers of a stack whose supervisor was killed: they hold the ports and the database. Only the very processes
 * that its endpoints file names; jobs are left alone and adopted by the next worker.
 * @returns whether there were any
 */
export async function endLeftovers(endpoints: Endpoints | null, tell: (line: string) => void): Promise<boolean> {
  if (!endpoints) return false;
  const named: [string, ProcessIdentity | null][] = [
    ['the HTTP server', endpoints.api?.process ?? null],
    ['worker', endpoints.worker.process],
    ['the serving host', endpoints.traffic?.servingHost ?? null],
    ['Envoy', endpoints.traffic?.process ?? null],
    ['MLflow', endpoints.mlflow.process],
    ['Temporal', endpoints.temporal.process],
  ];
  let wereAny = false;
  for (const [name, process] of named) {
    if (!process || !isRunning(process)) continue;
    wereAny = true;
    tell(`ending ${name} (process ${process.pid}), left by a stack that was killed`);
    await stopServer(process);
  }
  return wereAny;
}
