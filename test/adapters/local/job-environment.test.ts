import { expect, test } from 'vitest';
import { commandEnvironment, supervisorEnvironment } from '../../../src/adapters/local/job-environment.js';
import { nodeJob } from '../../contracts/job-cluster.js';

const options = { pythonBin: '/venv/bin', stepsPath: '/ratchet/steps', storeUri: 'file:///store' };

test('a job sees of the worker’s environment what it needs, and nothing else', () => {
  const passed = {
    HOME: '/home/ana',
    LANG: 'C.UTF-8',
    LC_ALL: 'C',
    TMPDIR: '/tmp',
    AWS_ACCESS_KEY_ID: 'needed for the store',
    RATCHET_STORE_KMS_KEY_ID: 'needed for the store',
    MLFLOW_TRACKING_TOKEN: 'needed for tracking',
    SSL_CERT_FILE: '/ca.pem',
    HTTPS_PROXY: 'http://proxy',
  };
  const withheld = {
    DATABASE_URL: 'postgres://u:p@host',
    GITHUB_TOKEN: 'no',
    TEMPORAL_API_KEY: 'no',
    NODE_OPTIONS: '--inspect',
    PYTHONDONTWRITEBYTECODE: '1',
    LD_PRELOAD: '/evil.so',
    MY_AWS_KEY: 'no',
  };
  const worker = { ...passed, ...withheld, PATH: '/usr/bin', PYTHONPATH: '/elsewhere' };
  expect(supervisorEnvironment(worker, options)).toEqual({
    ...passed,
    PATH: '/venv/bin:/usr/bin',
    PYTHONPATH: '/ratchet/steps',
    RATCHET_STORE_URI: 'file:///store',
  });
});

test('a spec may set threads and extend the Python path, but not the job contract', () => {
  const environment = {
    OMP_NUM_THREADS: '3',
    PYTHONPATH: 'lib',
    RATCHET_OUTPUT: '/elsewhere',
    RATCHET_STORE_URI: 's3://elsewhere',
    PYTHONHASHSEED: '7',
  };
  const spec = nodeJob('', { environment, resources: { cpus: 2.5, memoryMiB: 64, gpus: 0 } });
  expect(commandEnvironment(supervisorEnvironment({}, options), '/jobs/j', spec)).toMatchObject({
    OMP_NUM_THREADS: '3',
    OPENBLAS_NUM_THREADS: '2',
    PYTHONPATH: '/ratchet/steps:lib',
    PYTHONHASHSEED: '7',
    RATCHET_INPUT: '/jobs/j/input.json',
    RATCHET_OUTPUT: '/jobs/j/output.json',
    RATCHET_PROGRESS: '/jobs/j/progress.json',
    RATCHET_STORE_URI: 'file:///store',
    RATCHET_JOB_NAME: spec.name,
  });
});
