import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { createLedger } from '../../src/activities/ledger.js';
import { putDocument } from '../../src/activities/documents.js';
import { applyModel } from '../../src/client/apply-model.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { modelSpec, SERVED, type SpecChange } from '../fakes/model-file.js';
import { AT } from '../ledger/sample-bodies.js';
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

test('of two applies at once the schedule is that of the file in force, whoever brings it last', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'rows.py'), '');
  const store = createMemoryStore();
  const ledger = createLedger({ store, signer: createMemorySigner(), owner: 'test/default' });
  const at = (cron: string) => modelSpec('flights', { triggers: { schedules: [{ cron, timeZone: 'UTC' }] } });
  const others = await putDocument(store, at('0 7 * * *'));
  // Theirs comes after ours into the ledger, and before it to its schedule.
  const apply = async ({ specDigest, codeDigest }: { specDigest: string; codeDigest: string }) => {
    const put = (digest: string) => {
      const body = { kind: 'spec-applied', specDigest: digest, codeDigest, requestedBy: 'ana' } as never;
      return ledger.append({ model: 'flights', key: `${digest}/spec-applied`, body, expects: {}, at: AT });
    };
    await put(specDigest);
    await put(others);
    return { changed: true };
  };
  const model = { model: 'flights', apply } as never;
  const schedules = new Map<string, { spec: { cronExpressions: string[] }; action: object }>();
  let blind = 0;
  const handleOf = (id: string) => ({
    describe: async () => {
      const found = blind-- > 0 ? undefined : schedules.get(id);
      if (found === undefined) throw new ScheduleNotFoundError('none', id);
      return found;
    },
    update: async (change: (before: object) => never) => void schedules.set(id, change({ state: { paused: false } })),
  });
  const create = async ({ scheduleId, ...plan }: { scheduleId: string }) => {
    if (schedules.has(scheduleId)) throw new ScheduleAlreadyRunning('there is one', scheduleId);
    schedules.set(scheduleId, plan as never);
  };
  const client = { schedule: { getHandle: handleOf, create } } as never;
  const spec = at('0 6 * * *');
  schedules.set('ratchet/flights/schedule', { spec: { cronExpressions: ['0 8 * * *'] }, action: {} });
  blind = 1; // nor do we see theirs when we look for one
  expect(await applyModel({ client, store, model, spec, folder, requestedBy: 'ana' })).toMatchObject({ schedule: 'updated' });
  expect([...schedules.values()].map((schedule) => schedule.spec.cronExpressions)).toEqual([['0 7 * * *']]);
});
