import { join } from 'node:path';
import { endInstances, hostInstances } from '../adapters/local/serving/serving-host.js';
import { listInstanceFolders } from '../adapters/local/serving/instance-folder.js';
import { homeAt } from '../config/home.js';
import { workerConfig } from '../config/worker-config.js';
import { writeTargets, type ScrapeTarget } from './stack/prometheus-files.js';
import { openLocalServing } from './compose/local-serving.js';
import { openObjectStore } from './open-object-store.js';

/** So long model servers may take to finish what they answer and to ship their log. */
const GRACE_MS = 10_000;
const TARGETS_LOOK_MS = 1000;

/**
 * The serving host: keeps the model servers of this home running. Told to end, it ends them; where the supervisor is killed
 * it leaves them answering, and the next one finds them.
 */
async function main(): Promise<void> {
  const config = workerConfig(process.env);
  const { servingFolder, predictionsFolder, prometheusFolder } = homeAt(config.home);
  const ending = new AbortController();
  let endsServers = true;
  process.once('SIGTERM', () => ending.abort());
  process.once('SIGINT', () => ending.abort());
  process.once('disconnect', () => {
    endsServers = false;
    ending.abort();
  });
  const looking = keepTargets(servingFolder, prometheusFolder);
  const tell = (line: string): void => console.log(`${new Date().toISOString()} ${line}`);
  const { router } = openLocalServing(config, openObjectStore(config.storeUri));
  await hostInstances({
    servingFolder,
    predictionsFolder,
    python: config.pythonBin === null ? 'python3' : join(config.pythonBin, 'python'),
    stepsPath: config.stepsPath,
    storeUri: config.storeUri,
    environment: process.env,
    tell,
    // At once, not when everything is compared the next time; where the proxy is away, then.
    onMoved: () => void router.refresh().catch((error: unknown) => tell(`the proxy is not told yet: ${String(error)}`)),
    signal: ending.signal,
  });
  clearInterval(looking);
  if (endsServers) await endInstances(servingFolder, GRACE_MS);
}

/** Tells Prometheus which model servers run. What cannot be written is tried again at the next look. */
function keepTargets(servingFolder: string, prometheusFolder: string): NodeJS.Timeout {
  let written = '';
  return setInterval(() => {
    const targets = listInstanceFolders(servingFolder).flatMap((instance): ScrapeTarget[] => {
      const spec = instance.spec();
      if (spec === null || instance.isRetired()) return [];
      return (instance.state()?.replicas ?? []).map(({ port }, replica) => ({
        targets: [`127.0.0.1:${port}`],
        labels: { job: 'ratchet-model-server', model: spec.model, version: spec.version, replica: String(replica) },
      }));
    });
    const text = JSON.stringify(targets);
    if (text === written) return;
    written = text;
    writeTargets(prometheusFolder, 'models', targets).catch(() => (written = ''));
  }, TARGETS_LOOK_MS);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(`the serving host ends: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
