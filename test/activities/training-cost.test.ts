import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { loadCycle } from '../../src/activities/cycle-context.js';
import { putDocument } from '../../src/activities/documents.js';
import { createJobActivities } from '../../src/activities/job-activities.js';
import { createLedger } from '../../src/activities/ledger.js';
import { planJob } from '../../src/activities/plan-job.js';
import { createMemoryJobCluster } from '../../src/adapters/memory/job-cluster.js';
import { digestOfBytes, type Digest } from '../../src/domain/digest.js';
import type { Evidence } from '../../src/domain/evidence.js';
import type { Prices } from '../../src/domain/prices.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { modelSpec } from '../fakes/model-file.js';
import { stageOutput } from '../fakes/stage-outputs.js';
import { AT, cycleStarted } from '../ledger/sample-bodies.js';

const model = 'm';
const machine = (type: string, memoryMiB: number) => ({ type, cpus: 4, memoryMiB, gpus: 0 });
const cluster = {
  kind: 'sagemaker',
  image: 'trainer:1',
  machines: [
    machine('ml.t3.medium', 512),
    machine('ml.m5.large', 8192),
    machine('ml.m5.xlarge', 16_384),
    machine('ml.m5.24xlarge', 393_216),
  ],
};

/** Submits the training of a cycle that has come so far. @returns what it failed with; null: it runs */
async function submitted(costMax: number | undefined, prices: Prices | null, memoryMiBMax = 16_000) {
  const store = createMemoryStore();
  const ledger = createLedger({ store, signer: createMemorySigner(), owner: 'test/default' });
  const jobCluster = createMemoryJobCluster(() => new Promise(() => {}));
  const environment = { lockDigest: digestOfBytes(''), architecture: 'any', stepsDigest: digestOfBytes('') };
  const bundle = await putDocument(store, { files: [] });
  const stop = costMax === undefined ? {} : { stop: { costMax } };
  const specDigest = await putDocument(
    store,
    modelSpec(model, { trainer: { cluster, resources: { cpus: 1, memoryMiB: 1000, memoryMiBMax }, ...stop } }),
  );
  const codeDigest = await putDocument(store, { source: bundle, trainer: bundle });
  const body = { ...cycleStarted('t'), specDigest, codeDigest };
  const { seq: cycle } = await ledger.append({ model, key: 't/cycle-started', body, expects: {}, at: AT });
  let evidence: Record<string, Digest> = {};
  for (const stage of ['snapshot', 'validate'] as const) {
    const ref = { model, cycle, evidence };
    const context = await loadCycle({ store, ledger }, model, cycle);
    const { spec } = await planJob({ store, ledger, environment }, context, ref, { stage, attempt: 1, memoryFactor: 1 });
    const found = await stageOutput(store, spec);
    const document = { kind: 'evidence', stage, model, cycle, inputDigest: bundle, from: {}, job: null, body: found } as Evidence;
    evidence = { ...evidence, [stage]: await putDocument(store, document) };
  }
  const { submitJob } = createJobActivities({ store, ledger, jobCluster, environment, prices });
  const request = { model, cycle, evidence, stage: 'train', attempt: 1, memoryFactor: 1 } as const;
  const error: unknown = await new MockActivityEnvironment().run(() =>
    submitJob(request).then(
      () => null,
      (found: unknown) => found,
    ),
  );
  return { error, running: (await jobCluster.listRunning()).length };
}

const machineHour = (...types: string[]) => ({
  currency: 'EUR',
  cpuHour: 0,
  gpuHour: 0,
  machineHour: Object.fromEntries(types.map((type) => [type, 1])),
});

test.for<[name: string, prices: Prices | null, message: RegExp]>([
  ['without prices', null, /trainer\.stop\.costMax: 50 can only be kept with prices/],
  ['without a price of its machine', machineHour('ml.m5.xlarge'), /machineHour: expected a price of ml\.m5\.large, found none/],
  ['without a price of the larger one that it may get', machineHour('ml.m5.large'), /expected a price of ml\.m5\.xlarge, found none/],
])('a training with costMax is not started %s', async ([, prices, message]) => {
  const { error, running } = await submitted(50, prices);
  expect(error).toMatchObject({ type: 'JobSpecInvalid', message: expect.stringMatching(message) });
  expect(running).toBe(0);
});

test.for<[name: string, costMax: number | undefined, prices: Prices | null, memoryMiBMax?: number]>([
  ['where each machine that it may get has a price', 50, machineHour('ml.m5.large', 'ml.m5.xlarge')],
  ['without a price of a larger one than it ever gets', 50, machineHour('ml.m5.large'), 8000],
  ['without prices where nobody limits what it costs', undefined, null],
])('a training is started %s', async ([, costMax, prices, memoryMiBMax]) => {
  expect(await submitted(costMax, prices, memoryMiBMax)).toEqual({ error: null, running: 1 });
});
