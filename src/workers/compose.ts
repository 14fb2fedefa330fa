import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createActivities } from '../activities/index.js';
import { createLedger } from '../activities/ledger.js';
import { createLocalJobCluster } from '../adapters/local/job-cluster.js';
import { createLocalLogKeeper } from '../adapters/local/log-keeper.js';
import { createLocalNotifier } from '../adapters/local/notifier.js';
import { createLocalSigner } from '../adapters/local/signer.js';
import type { WorkerConfig } from '../config/worker-config.js';
import { digestOf, digestOfBytes, type Digest } from '../domain/digest.js';
import type { Activities } from '../activities/index.js';
import type { RunWatch } from '../activities/watch-seat.js';
import { openNoticeRoutes } from './compose/notices.js';
import { openRegistries } from './compose/registries.js';
import { openKubernetes } from './compose/kubernetes.js';
import { openSageMaker } from './compose/sagemaker.js';
import { joinJobClusters } from './compose/job-clusters.js';
import { createJobPlaces } from './compose/job-places.js';
import { composeServing } from './compose/serving.js';
import { countJobs } from './metrics/count-jobs.js';
import { readPrices } from '../config/prices-config.js';
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
  /** How jobs are watched for as long as they run. */
  readonly runWatch: RunWatch;
  /** For the worker's log. */
  readonly tell: (line: string) => void;
}

/** The environment that trainings run in is named by its lock file. */
const lockFile = fileURLToPath(new URL('../../steps/requirements.lock', import.meta.url));

/** Adapters → ports → activities: the one place where they meet. */
export async function composeActivities({ config, owner, searchAttributes, meter, runWatch, tell }: ComposeRequest): Promise<Activities> {
  const store = openObjectStore(config.storeUri);
  const signer = await createLocalSigner(config.home);
  const ledger = createLedger({ store, signer, owner });
  return createActivities({
    store,
    ledger,
    jobCluster: countJobs(
      joinJobClusters(
        createLocalJobCluster({ home: config.home, objectStore: store, pythonBin: config.pythonBin, stepsPath: config.stepsPath }),
        { ...openSageMaker(config, store, process.env), ...openKubernetes(config, store, process.env) },
        createJobPlaces({ store, ledger }),
      ),
      meter,
    ),
    registryOf: openRegistries(config),
    logKeeper: createLocalLogKeeper({
      pythonBin: config.pythonBin,
      stepsPath: config.stepsPath,
      storeUri: config.storeUri,
      environment: process.env,
    }),
    notifier: countNotices(createLocalNotifier(config.home, tell), meter),
    noticeRoutes: countedRoutes(openNoticeRoutes(noticesFile(config.home, process.env), process.env), meter),
    temporalUiUrl: config.temporalUiUrl,
    ...composeServing(config, store, process.env),
    environment: {
      lockDigest: digestOfBytes(readFileSync(lockFile)),
      architecture: process.arch,
      stepsDigest: stepsDigest(config.stepsPath),
    },
    runWatch,
    prices: readPrices(config.home, process.env),
    watchHeartbeatSeconds: config.watchHeartbeatSeconds,
    labelPauseSeconds: config.labelPauseSeconds,
    searchAttributes,
  });
}

/** Of path and content of each of the steps' Python files. */
function stepsDigest(stepsPath: string): Digest {
  const paths = readdirSync(join(stepsPath, 'ratchet_steps'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.py'));
  return digestOf(paths.sort().map((path) => ({ path, digest: digestOfBytes(readFileSync(join(stepsPath, 'ratchet_steps', path))) })));
}
