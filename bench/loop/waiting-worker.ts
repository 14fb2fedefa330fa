import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createLedger } from '../../src/activities/ledger.js';
import { createLocalObjectStore } from '../../src/adapters/local/object-store.js';
import { createLocalSigner } from '../../src/adapters/local/signer.js';
import { WORKFLOWS_CACHED_MAX } from '../../src/workers/worker-limits.js';
import { growSlowly } from '../../src/workers/grow-slowly.js';
import { TASK_QUEUE, WATCH_TASK_QUEUE } from '../../src/workflows/messages.js';
import { createBenchActivities } from './bench-activities.js';

/** A worker in a process of its own, so that its memory is its own: address of Temporal, folder of store and key, file of the workflows' bundle. */
const [address = '', folder = '', codePath = ''] = process.argv.slice(2);
growSlowly();
Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await NativeConnection.connect({ address });
const store = createLocalObjectStore(`${folder}/store`);
const ledger = createLedger({ store, signer: await createLocalSigner(folder), owner: 'bench/default' });
const activities = createBenchActivities(store, ledger, { searchAttributes: true });
const workflowBundle = { codePath };
const workers = [
  await Worker.create({ connection, activities, taskQueue: TASK_QUEUE, workflowBundle, maxCachedWorkflows: WORKFLOWS_CACHED_MAX }),
  await Worker.create({ connection, activities, taskQueue: WATCH_TASK_QUEUE }),
];
process.on('disconnect', () => workers.forEach((worker) => worker.shutdown()));
process.send?.('ready');
await Promise.all(workers.map((worker) => worker.run()));
