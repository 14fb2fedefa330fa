import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createActivities } from '../activities/index.js';
import { createLedger } from '../activities/ledger.js';
import { createLocalJobCluster } from '../adapters/local/job-cluster.js';
import { createLocalNotifier } from '../adapters/local/notifier.js';
import { createLocalSigner } from '../adapters/local/signer.js';
import { createMlflowModelRegistry } from '../adapters/mlflow/model-registry.js';
import type { WorkerConfig } from '../config/worker-config.js';
import { digestOf, digestOfBytes, type Digest } from '../domain/digest.js';
import type { Activities } from '../activities/index.js';
import { openNoticeRoutes } from './compose/notices.js';
import { composeServing } from './compose/serving.js';
import { countJobs } from './metrics/count-jobs.js';
import { noticesFile } from '../config/notices-config.js';
import { countNotices, countedRoutes } from './metrics/count-notices.js';
import type { Meter } from './metrics/meter.js';
import { openObjectStore } from './open-object-store.js';

export interface ComposeRequest {
  readonly config: WorkerConfig;
  /** `<cluster id>/<namespace>`: who writes the ledgers. */
  readonly owner: string;
  readonly searchAttributes: boolean;
  readonly meter: Meter;
  /** For the worker's log. */
  readonly tell: (line: string) => void;
}

/** The environment that trainings run in is named by its lock file. */
const lockFile = fileURLToPath(new URL('../../steps/requirements.lock', import.meta.url));

/** Adapters → ports → activities: the one place where they meet. */
export async function composeActivities({ config, owner, searchAttributes, meter, tell }: ComposeRequest): Promise<Activities> {
  const store = openObjectStore(config.storeUri);
  const signer = await createLocalSigner(config.home);
  return createActivities({
    store,
    ledger: createLedger({ store, signer, owner }),
    jobCluster: countJobs(
      createLocalJobCluster({ home: config.home, objectStore: store, pythonBin: config.pythonBin, stepsPath: config.stepsPath }),
      meter,
    ),
    registry: createMlflowModelRegistry({ trackingUri: config.mlflowTrackingUri }),
    notifier: countNotices(createLocalNotifier(config.home, tell), meter),
    noticeRoutes: countedRoutes(openNoticeRoutes(noticesFile(config.home, process.env), process.env), meter),
    temporalUiUrl: config.temporalUiUrl,
    ...composeServing(config, store),
    environment: {
      lockDigest: digestOfBytes(readFileSync(lockFile)),
      architecture: process.arch,
      stepsDigest: stepsDigest(config.stepsPath),
    },
    watchHeartbeatSeconds: config.watchHeartbeatSeconds,
    searchAttributes,
  });
}

/** Of path and content of each of the steps' Python files. */
function stepsDigest(stepsPath: string): Digest {
  const paths = readdirSync(join(stepsPath, 'ratchet_steps'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.py'));
  return digestOf(paths.sort().map((path) => ({ path, digest: digestOfBytes(readFileSync(join(stepsPath, 'ratchet_steps', path))) })));
}
