import { expect, test } from 'vitest';
import { putDocument } from '../../../src/activities/documents.js';
import { checkCitedEvidence } from '../../../src/client/audit/cited-evidence.js';
import type { Evidence } from '../../../src/domain/evidence.js';
import { digestOf } from '../../../src/domain/digest.js';
import type { FiledRecord } from '../../../src/domain/ledger-file.js';
import { objectKey } from '../../../src/domain/object-key.js';
import { createMemoryStore } from '../../fakes/memory-store.js';

const window = { start: '2013-01-01T00:00:00Z', end: '2013-02-01T00:00:00Z' };

/** A cycle that left a snapshot and a model, and the record that cites them. */
async function cycle() {
  const store = createMemoryStore();
  const rows = await store.put(Buffer.from('rows'));
  const model = await store.put(Buffer.from('model'));
  const files = [{ part: 'train' as const, digest: rows, bytes: 4, rows: 1, window }];
  const timeRange = { min: window.start, max: window.start };
  const dataset = { files, rows: 1, columns: [{ name: 'distance', type: 'double' }], window, timeRange };
  const datasetDigest = await putDocument(store, dataset);
  const trained = { format: 'onnx', digest: model, bytes: 5, inputs: [{ name: 'distance', type: 'number' }] };
  const evidence = {
    snapshot: await putDocument(store, evidenceOf('snapshot', { datasetDigest, dataset })),
    train: await putDocument(store, evidenceOf('train', { model: trained, rows: 1, trainWindow: window, metrics: {}, mlflowRunId: null })),
  };
  const filed = [{ record: { seq: 7, body: { kind: 'cycle-ended', evidence } } }] as unknown as FiledRecord[];
  return {
    store,
    rows,
    model,
    datasetDigest,
    check: (withData: boolean) => checkCitedEvidence(store, filed, { seen: new Set(), withData }),
  };
}

function evidenceOf(stage: 'snapshot' | 'train', body: Evidence['body']): Evidence {
  return { kind: 'evidence', stage, model: 'm', cycle: 7, inputDigest: digestOf(stage), from: {}, job: null, body };
}

test('a cycle whose documents, model and rows are as they were holds', async () => {
  const { check } = await cycle();
  expect(await check(true)).toEqual([]);
});

test.for<[what: 'model' | 'datasetDigest', field: RegExp]>([
  ['model', /evidence\.train → model/],
  ['datasetDigest', /evidence\.snapshot → datasetDigest/],
])('a changed %s is a problem of the record that cites its evidence', async ([what, field]) => {
  const found = await cycle();
  found.store.files.set(objectKey(found[what]), Buffer.from('changed'));
  expect(await found.check(false)).toMatchObject([{ seq: 7, field: expect.stringMatching(field) }]);
});

test('changed rows are found where rows are read, and rows that retention deleted are no fault', async () => {
  const { store, rows, check } = await cycle();
  store.files.set(objectKey(rows), Buffer.from('changed'));
  expect(await check(false)).toEqual([]);
  expect(await check(true)).toMatchObject([{ seq: 7, field: expect.stringMatching(/train rows/) }]);
  store.files.delete(objectKey(rows));
  expect(await check(true)).toEqual([]);
});
