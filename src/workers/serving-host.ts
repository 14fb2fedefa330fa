import { join } from 'node:path';
import { endInstances, hostInstances } from '../adapters/local/serving/serving-host.js';
import { homeAt } from '../config/home.js';
import { workerConfig } from '../config/worker-config.js';

/** So long model servers may take to finish what they answer and to ship their log. */
const GRACE_MS = 10_000;

/**
 * The serving host: keeps the model servers of this home running. Told to end, it ends them; where the supervisor is killed
 * it leaves them answering, and the next one finds them.
 */
async function main(): Promise<void> {
  const config = workerConfig(process.env);
  const { servingFolder, predictionsFolder } = homeAt(config.home);
  const ending = new AbortController();
  let endsServers = true;
  process.once('SIGTERM', () => ending.abort());
  process.once('SIGINT', () => ending.abort());
  process.once('disconnect', () => {
    endsServers = false;
    ending.abort();
  });
  await hostInstances({
    servingFolder,
    predictionsFolder,
    python: config.pythonBin === null ? 'python3' : join(config.pythonBin, 'python'),
    stepsPath: process.env['RATCHET_MODEL_SERVER'] ?? config.stepsPath,
    storeUri: config.storeUri,
    environment: process.env,
    tell: (line) => console.log(`${new Date().toISOString()} ${line}`),
    signal: ending.signal,
  });
  if (endsServers) await endInstances(servingFolder, GRACE_MS);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(`the serving host ends: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
