import { expect, test } from 'vitest';
import { putDocument } from '../../../src/activities/documents.js';
import { checkCitedEvidence } from '../../../src/client/audit/cited-evidence.js';
import type { Candidate } from '../../../src/domain/candidate.js';
import type { Evidence } from '../../../src/domain/evidence.js';
import { digestOf, type Digest } from '../../../src/domain/digest.js';
import { RatchetError } from '../../../src/domain/failure.js';
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

test('one answer that was lost is no evidence that was; two are', async () => {
  for (const [losses, problems] of [
    [1, 0],
    [2, 1],
  ] as const) {
    const { store, check, ...digests } = await cycle();
    const read = store.getByDigest.bind(store);
    let lost = 0;
    store.getByDigest = async (digest) => {
      if (digest === digests.model && lost++ < losses) throw new RatchetError('StoreUnavailable', '503 SlowDown');
      return read(digest);
    };
    expect(await check(false)).toHaveLength(problems);
  }
});

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

/** What these records cite, and each digest of it by the name that it is put under. */
async function cited(...bodies: ((put: (document: unknown) => Promise<Digest>) => Promise<object>)[]) {
  const store = createMemoryStore();
  const filed: FiledRecord[] = [];
  const put = (document: unknown): Promise<Digest> => putDocument(store, document);
  for (const body of bodies) filed.push({ record: { seq: filed.length + 1, body: await body(put) } } as unknown as FiledRecord);
  const check = () => checkCitedEvidence(store, filed, { seen: new Set(), withData: false });
  return { check, lose: (document: unknown) => store.files.delete(objectKey(digestOf(document))) };
}

const evidenceFrom = (stage: Evidence['stage'], from: Evidence['from']): Evidence => ({ ...evidenceOf('train', {}), stage, from });

test.for(['source', 'trainer'])('the %s that a code digest names must be there', async (part) => {
  const { check, lose } = await cited(async (put) => ({
    kind: 'spec-applied',
    specDigest: await put('spec'),
    codeDigest: await put({ source: await put('source'), trainer: await put('trainer') }),
  }));
  lose(part);
  expect(await check()).toMatchObject([{ seq: 1, field: `body.codeDigest → ${part}` }]);
});

test('what evidence was made from is followed to its beginning, also where it is cited as evidence only later', async () => {
  const input = 'what the snapshot was made from';
  const snapshot = async (put: (document: unknown) => Promise<Digest>) => put(evidenceFrom('snapshot', { input: await put(input) }));
  const train = async (put: (document: unknown) => Promise<Digest>) => put(evidenceFrom('train', { snapshot: await snapshot(put) }));
  const { check, lose } = await cited(
    async (put) => ({ kind: 'judged', verdictDigest: await put(evidenceFrom('judge', { train: await train(put) })) }),
    async (put) => ({ kind: 'cycle-ended', evidence: { train: await train(put), snapshot: await snapshot(put) } }),
  );
  lose(input);
  expect(await check()).toMatchObject([{ seq: 1, field: 'body.verdictDigest → from.train → from.snapshot → from.input' }]);
});

test('what was first seen as bytes alone is followed once it is cited as evidence', async () => {
  const input = 'what it was made from';
  const made = async (put: (document: unknown) => Promise<Digest>) => put(evidenceFrom('evaluate', { input: await put(input) }));
  const { check, lose } = await cited(
    async (put) => ({ kind: 'monitored', documentDigest: await made(put), planDigest: await put('plan') }),
    async (put) => ({ kind: 'cycle-ended', evidence: { evaluate: await made(put) } }),
  );
  lose(input);
  expect(await check()).toMatchObject([{ seq: 2, field: 'body.evidence.evaluate → from.input' }]);
});

test.for<[lost: string, field: string]>([
  ['model', 'modelDigest'],
  ['dataset', 'datasetDigest'],
  ['code', 'codeDigest'],
  ['input', 'evidence.train → from.input'],
])('an approved candidate whose %s is gone is a problem, also before its cycle ends', async ([lost, field]) => {
  const { check, lose } = await cited(async (put) => {
    const candidate: Candidate = {
      model: 'm',
      cycle: 7,
      modelDigest: await put('model'),
      datasetDigest: await put('dataset'),
      codeDigest: await put('code'),
      configDigest: digestOf('lies in the spec'),
      policyDigest: digestOf('lies in the spec, too'),
      baseline: { championDigest: null, generation: 0 },
      evidence: { train: await put(evidenceFrom('train', { input: await put('input') })) },
    };
    return { kind: 'approved', candidateDigest: await put(candidate) };
  });
  expect(await check()).toEqual([]);
  lose(lost);
  expect(await check()).toMatchObject([{ seq: 1, field: `body.candidateDigest → ${field}` }]);
});

test('changed rows are found where rows are read, and rows that retention deleted are no fault', async () => {
  const { store, rows, check } = await cycle();
  store.files.set(objectKey(rows), Buffer.from('changed'));
  expect(await check(false)).toEqual([]);
  expect(await check(true)).toMatchObject([{ seq: 7, field: expect.stringMatching(/train rows/) }]);
  store.files.delete(objectKey(rows));
  expect(await check(true)).toEqual([]);
});
