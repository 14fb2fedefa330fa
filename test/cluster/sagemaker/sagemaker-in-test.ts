import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';
import { createS3ObjectStore } from '../../../src/adapters/s3/object-store.js';
import { createSageMakerJobCluster } from '../../../src/adapters/sagemaker/job-cluster.js';
import type { SageMakerJobClusterOptions } from '../../../src/adapters/sagemaker/job-cluster.js';
import type { JobSpec } from '../../../src/domain/job.js';
import { startFakeSageMaker } from '../../fakes/sagemaker/server.js';
import { startTestVersitygw } from '../../servers/versitygw.js';
import type { TestVersitygw } from '../../servers/versitygw.js';

/** As the model file's block says it. */
export const onSageMaker = {
  kind: 'sagemaker',
  image: 'trainer:1',
  entrypoint: ['python', '-m', 'ratchet_steps.runner'],
  machines: [
    { type: 'ml.m5.large', cpus: 2, memoryMiB: 8192, gpus: 0 },
    { type: 'ml.g5.xlarge', cpus: 4, memoryMiB: 16_384, gpus: 1 },
  ],
  volumeGiB: 30,
  tags: {},
} satisfies JobSpec['cluster'];

export const polling = { everyMs: 60, describeEveryMs: 2000, gapMs: 0, progressMs: 100, troubleMsMax: 60_000, stopMsMax: 60_000 };

/** A SageMaker of the file's own, whose containers reach a real S3 server. */
export function useSageMaker() {
  const home = mkdtempSync(join(tmpdir(), 'ratchet-test-sagemaker-'));
  let s3: TestVersitygw;
  let fake: Awaited<ReturnType<typeof startFakeSageMaker>>;
  beforeAll(async () => {
    s3 = await startTestVersitygw(inject('versitygw')!, home);
    mkdirSync(join(s3.folder, 'ratchet-test'));
    const bin = dirname(inject('python'));
    const image = { ...s3.environment, PATH: [bin, process.env.PATH].join(delimiter), PYTHONPATH: resolve('steps'), HOME: home };
    fake = await startFakeSageMaker({ home, buckets: s3.folder, image });
  });
  afterAll(async () => {
    await fake?.stop();
    await s3?.stop();
    rmSync(home, { recursive: true, force: true });
  });
  return { open, fake: () => fake, secret: () => s3.environment.AWS_SECRET_ACCESS_KEY! };

  function open(changes: Partial<SageMakerJobClusterOptions> = {}) {
    const environment = { ...s3.environment, ...fake.environment };
    const objectStore = createS3ObjectStore({ uri: 's3://ratchet-test/team', environment });
    const cluster = createSageMakerJobCluster({
      objectStore,
      roleArn: 'arn:aws:iam::000000000000:role/ratchet-job',
      namePrefix: 'ratchet',
      environment,
      containerEnvironment: { RATCHET_TELL_SECONDS: '0.2', RATCHET_GRACE_SECONDS: '1' },
      polling,
      ...changes,
    });
    const submit = (spec: JobSpec, signal: AbortSignal) => cluster.submit({ cluster: onSageMaker, ...spec }, signal);
    return { objectStore, cluster: { ...cluster, submit } };
  }
}
