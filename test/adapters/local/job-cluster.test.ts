import { join } from 'node:path';
import { createLocalJobCluster } from '../../../src/adapters/local/job-cluster.js';
import { createLocalObjectStore } from '../../../src/adapters/local/object-store.js';
import { describeJobCluster } from '../../contracts/job-cluster.js';
import { describeLongJobs } from '../../contracts/long-jobs.js';
import { temporaryFolder } from '../../temporary-folder.js';

const open = async () => {
  const home = temporaryFolder();
  const objectStore = createLocalObjectStore(join(home, 'store'));
  return { cluster: createLocalJobCluster({ home, objectStore, pythonBin: null, stepsPath: null, graceMs: 500 }), objectStore };
};

describeJobCluster('local', open);
describeLongJobs('local', open);
