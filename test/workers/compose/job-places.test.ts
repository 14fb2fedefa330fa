import { expect, test } from 'vitest';
import { createLedger } from '../../../src/activities/ledger.js';
import { createJobPlaces } from '../../../src/workers/compose/job-places.js';
import { putModel, startRecord } from '../../../bench/loop/loop-model.js';
import { createMemorySigner } from '../../fakes/memory-signer.js';
import { createMemoryStore } from '../../fakes/memory-store.js';

test('a training is where the model file of its cycle says, everything else on the worker’s machine', async () => {
  const store = createMemoryStore();
  const ledger = createLedger({ store, signer: createMemorySigner(), owner: 'test/default' });
  const start = { key: 'first', asOf: '2026-01-01T00:00:00Z' };
  const near = await startRecord(ledger, 'near', await putModel(store, 'near', {}), start);
  const trainer = { cluster: { kind: 'kubernetes', image: 'registry.example/trainer:1' } };
  const far = await startRecord(ledger, 'far-c2', await putModel(store, 'far-c2', { trainer }), start);
  const placeOf = createJobPlaces({ store, ledger });
  const names = [`near-c${near}-train-a1`, `far-c2-c${far}-train-a3`, `far-c2-c${far}-refit-a1`, `far-c2-c${far}-validate-a1`];
  expect(await Promise.all(names.map(placeOf))).toEqual(['local', 'kubernetes', 'kubernetes', 'local']);
});

test('of what is in no ledger nobody knows the place', async () => {
  const store = createMemoryStore();
  const placeOf = createJobPlaces({ store, ledger: createLedger({ store, signer: createMemorySigner(), owner: 'test/default' }) });
  expect(await Promise.all(['m-c7-train-a1', 'something'].map(placeOf))).toEqual([null, null]);
});
