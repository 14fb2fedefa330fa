import { KubeConfig } from '@kubernetes/client-node';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createLedger } from '../../src/activities/ledger.js';
import { createKubernetesJobCluster } from '../../src/adapters/kubernetes/job-cluster.js';
import { createLocalObjectStore } from '../../src/adapters/local/object-store.js';
import { createLocalSigner } from '../../src/adapters/local/signer.js';
import type { JobCluster } from '../../src/ports/job-cluster.js';
import { detachWatches } from '../../src/workers/detach-watches.js';
import { growSlowly } from '../../src/workers/grow-slowly.js';
import { WATCHED_JOBS_MAX, WATCHES_IN_SLOTS_MAX, WORKFLOWS_CACHED_MAX } from '../../src/workers/worker-limits.js';
import { TASK_QUEUE, WATCH_TASK_QUEUE } from '../../src/workflows/messages.js';
import { createBenchActivities } from './bench-activities.js';

/**
 * A worker in a process of its own, so that its memory is its own: address of Temporal, folder of store and key, address of the
 * Kubernetes API, token, namespace, file of the workflows' bundle. Says how many jobs it has seen, each time when asked.
 */
const [address = '', folder = '', server = '', token = '', namespace = '', codePath = ''] = process.argv.slice(2);
growSlowly();
Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await NativeConnection.connect({ address });
const store = createLocalObjectStore(`${folder}/store`);
const ledger = createLedger({ store, signer: await createLocalSigner(folder), owner: 'bench/default' });
const kubeConfig = new KubeConfig();
kubeConfig.loadFromClusterAndUser({ name: 'counted', server, skipTLSVerify: true }, { name: 'worker', token });
const kubernetes = createKubernetesJobCluster({
  kubeConfig,
  namespaces: [namespace],
  objectStore: store,
  environment: {},
  clearStored: null,
});
const seen = new Set<string>();
const jobCluster: JobCluster = {
  ...kubernetes,
  async *watch(name, options) {
    for await (const job of kubernetes.watch(name, options)) {
      seen.add(name);
      yield job;
    }
  },
};
const watches = detachWatches({
  countMax: WATCHED_JOBS_MAX,
  failed: (_watch, failure) => console.log(failure.message),
  unheard: (_watch, error) => console.log(error.message),
});
const activities = createBenchActivities(store, ledger, { jobCluster, runWatch: watches.run });
const workers = [
  await Worker.create({ connection, taskQueue: TASK_QUEUE, workflowBundle: { codePath }, maxCachedWorkflows: WORKFLOWS_CACHED_MAX }),
  await Worker.create({ connection, activities, taskQueue: WATCH_TASK_QUEUE, maxConcurrentActivityTaskExecutions: WATCHES_IN_SLOTS_MAX }),
];
process.on('message', () => process.send?.(seen.size));
process.on('disconnect', () => process.exit(0)); // the jobs of a bench end with it
process.send?.('ready');
await Promise.all(workers.map((worker) => worker.run()));
