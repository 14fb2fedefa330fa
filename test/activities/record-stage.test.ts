import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { getDocument, putDocument } from '../../src/activities/documents.js';
import { createJobActivities, type RecordedStage, type Submitted } from '../../src/activities/job-activities.js';
import { createLedger } from '../../src/activities/ledger.js';
import { digestOfBytes } from '../../src/domain/digest.js';
import { Evidence } from '../../src/domain/evidence.js';
import { createMemoryJobCluster } from '../fakes/memory-job-cluster.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { modelSpec } from '../fakes/model-file.js';
import { AT, cycleStarted } from '../ledger/sample-bodies.js';

const model = 'm';

test('evidence names the steps and packages that made it, not those of the worker that records it', async () => {
  const store = createMemoryStore();
  const ledger = createLedger({ store, signer: createMemorySigner(), owner: 'test/default' });
  const jobCluster = createMemoryJobCluster(store);
  const bundle = await putDocument(store, { files: [] });
  const specDigest = await putDocument(store, modelSpec(model));
  const codeDigest = await putDocument(store, { source: bundle, trainer: bundle });
  const body = { ...cycleStarted('t'), specDigest, codeDigest };
  const { seq: cycle } = await ledger.append({ model, key: 't/cycle-started', body, expects: {}, at: AT });
  const worker = (release: string) => {
    const environment = {
      lockDigest: digestOfBytes(`lock ${release}`),
      architecture: 'any',
      stepsDigest: digestOfBytes(`steps ${release}`),
    };
    return createJobActivities({ store, ledger, jobCluster, environment, prices: null });
  };
  const request = { model, cycle, evidence: {}, stage: 'snapshot', attempt: 1, memoryFactor: 1 } as const;
  const run = <T>(activity: () => Promise<T>) => new MockActivityEnvironment().run(activity) as Promise<T>;
  const { jobName, inputDigest } = await run<Submitted>(() => worker('old').submitJob(request));
  await expect.poll(async () => (await jobCluster.describe(jobName!))?.phase).toBe('Succeeded');
  const recordedBy = async (release: string, more: Pick<Submitted, 'inputDigest'>) => {
    const { evidenceDigest } = await run<RecordedStage>(() => worker(release).recordStage({ ...request, ...more }));
    return (await getDocument(store, Evidence, 'evidence', evidenceDigest)).inputDigest;
  };
  expect(await recordedBy('new', { inputDigest: inputDigest! })).toBe(inputDigest);
  expect(await recordedBy('old', {})).toBe(inputDigest); // asked by a workflow of before it was said
  expect(await recordedBy('new', {})).not.toBe(inputDigest);
});
