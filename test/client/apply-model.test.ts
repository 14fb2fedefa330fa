import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyModel } from '../../src/client/apply-model.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { modelSpec, SERVED, type SpecChange } from '../fakes/model-file.js';
import { temporaryFolder } from '../temporary-folder.js';

const machines = [{ type: 'ml.m5.large', cpus: 2, memoryMiB: 8192 }];
const training: SpecChange = { trainer: { cluster: { kind: 'sagemaker', image: 'trainer:1', machines } } };
const serving: SpecChange = {
  ...SERVED,
  serving: { cluster: { kind: 'sagemaker', image: 'server:1', machineType: 'ml.m5.large' } },
};

/** Applies a model to a store that calls itself this; whoever is asked to put it in force says so. */
async function applied(uri: string, change: SpecChange): Promise<void> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'rows.py'), '');
  const store = { ...createMemoryStore(), uri };
  const model = { apply: () => Promise.reject(new Error('was asked')) } as never;
  await applyModel({ client: {} as never, store, model, spec: modelSpec('flights', change), folder, requestedBy: 'ana' });
}

test.for<[field: string, change: SpecChange]>([
  ['spec.trainer.cluster', training],
  ['spec.serving.cluster', serving],
])('%s on SageMaker is refused where the store is a folder', async ([field, change]) => {
  await expect(applied('file:///srv/ratchet/store', change)).rejects.toMatchObject({
    type: 'SpecInvalid',
    message: `${field}: expected a store that kind: sagemaker reaches, s3://<bucket>/<prefix>, found file:///srv/ratchet/store`,
    remedy: expect.stringContaining('RATCHET_STORE_URI'),
  });
  await expect(applied('s3://bucket/ratchet', change)).rejects.toThrow('was asked');
});

test('a model that has nothing on SageMaker may lie in a folder', async () => {
  await expect(applied('file:///srv/ratchet/store', SERVED)).rejects.toThrow('was asked');
});
