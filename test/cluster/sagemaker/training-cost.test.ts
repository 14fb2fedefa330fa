import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, inject, test } from 'vitest';
import { putDocument } from '../../../src/activities/documents.js';
import { createJobActivities } from '../../../src/activities/job-activities.js';
import { createLedger } from '../../../src/activities/ledger.js';
import { digestOfBytes } from '../../../src/domain/digest.js';
import { nodeJob } from '../../contracts/job-cluster.js';
import { createMemorySigner } from '../../fakes/memory-signer.js';
import { createMemoryStore } from '../../fakes/memory-store.js';
import { modelSpec } from '../../fakes/model-file.js';
import { AT, cycleStarted } from '../../ledger/sample-bodies.js';
import { onSageMaker, useSageMaker } from './sagemaker-in-test.js';

const signal = new AbortController().signal;

describe.skipIf(inject('versitygw') === null)('with a real S3 server (skipped where there is no Go to build it)', () => {
  const { open } = useSageMaker();

  test('a training is stopped while it runs where its machine has cost too much', async () => {
    const store = createMemoryStore();
    const ledger = createLedger({ store, signer: createMemorySigner(), owner: 'test/default' });
    const { cluster } = open();
    const spec = modelSpec('m', { trainer: { cluster: onSageMaker, stop: { costMax: 0.5 } } });
    const bundle = await putDocument(store, { files: [] });
    const codeDigest = await putDocument(store, { source: bundle, trainer: bundle });
    const body = { ...cycleStarted('t'), specDigest: await putDocument(store, spec), codeDigest };
    const { seq: cycle } = await ledger.append({ model: 'm', key: 't/cycle-started', body, expects: {}, at: AT });
    const environment = { lockDigest: digestOfBytes(''), architecture: 'any', stepsDigest: digestOfBytes('') };
    const prices = { currency: 'EUR', cpuHour: 0, gpuHour: 0, machineHour: { 'ml.m5.large': 3600 } }; // one a second
    const { awaitJob } = createJobActivities({ store, ledger, jobCluster: cluster, environment, prices });
    const job = nodeJob('setInterval(() => {}, 1000)', { name: `m-c${cycle}-train-a1-cost`, timeLimitSeconds: 20 });
    await cluster.submit(job, signal);
    const watched = new MockActivityEnvironment().run(() => awaitJob(job.name, { model: 'm', cycle, stage: 'train', attempt: 1 }));
    await expect(watched).rejects.toMatchObject({
      type: 'JobOverBudget',
      message: expect.stringMatching(/at most 0\.5 EUR, found 0\.[5-9]|found [1-9]/),
    });
    expect(await cluster.describe(job.name)).toMatchObject({ phase: 'Running', billed: { machineType: 'ml.m5.large', machines: 1 } });
    await cluster.stop(job.name);
  });
});
