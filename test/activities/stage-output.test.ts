import { expect, test } from 'vitest';
import { readStageOutput } from '../../src/activities/stage-output.js';
import { createMemoryStore } from '../fakes/memory-store.js';

const handed = { start: '2013-01-01T00:00:00Z', end: '2013-05-04T00:00:00Z' };

/** A training's result as the contract wants it, with changes. */
async function trained(changes: object) {
  const store = createMemoryStore();
  const digest = await store.put(Buffer.from('model'));
  const model = { format: 'onnx', digest, bytes: 5, inputs: [{ name: 'distance', type: 'number' }] };
  const output = { model, rows: 1000, trainWindow: handed, metrics: {}, mlflowRunId: null, ...changes };
  return readStageOutput(store, 'train', output, { dataset: handed });
}

test.for<[name: string, changes: object, message: string]>([
  [
    'rows after those handed over',
    { trainWindow: { ...handed, end: '2031-01-01T00:00:00Z' } },
    'result of train, field trainWindow.end: expected at most 2013-05-04T00:00:00Z (the rows handed over), found 2031-01-01T00:00:00Z',
  ],
  [
    'rows before those handed over',
    { trainWindow: { ...handed, start: '2012-12-31T23:59:59Z' } },
    'result of train, field trainWindow.start: expected at least 2013-01-01T00:00:00Z (the rows handed over), found 2012-12-31T23:59:59Z',
  ],
  [
    'a window that ends before it starts',
    { trainWindow: { start: handed.end, end: handed.start } },
    'result of train, field trainWindow.end: expected a time after trainWindow.start, 2013-05-04T00:00:00Z, found 2013-01-01T00:00:00Z',
  ],
  [
    'a model of another format',
    { model: { format: 'pickle', digest: `sha256:${'0'.repeat(64)}`, bytes: 5, inputs: [{ name: 'distance', type: 'number' }] } },
    'result of train, field model.format: Invalid option: expected one of "onnx"|"pyfunc", found "pickle"',
  ],
  ['no rows', { rows: 0 }, 'result of train, field rows: Too small: expected number to be >0, found 0'],
  [
    'no metrics',
    { metrics: undefined },
    'result of train, field metrics: Invalid input: expected record, received undefined, found nothing',
  ],
  [
    'a key of its own',
    { password: 'hunter2' },
    'result of train, field (document): Unrecognized key: "password", found keys model, rows, trainWindow, metrics, mlflowRunId, password',
  ],
])('a trainer that claims %s is refused with the field', async ([, changes, message]) => {
  await expect(trained(changes)).rejects.toMatchObject({ type: 'JobOutputInvalid', message });
});

test('a trainer that saw what it was handed, or less, is believed', async () => {
  expect(await trained({ mlflowRunId: 'r1' })).toMatchObject({ summary: '1,000 rows → 0 KiB ONNX', rejection: null });
  expect(await trained({})).toMatchObject({ summary: '1,000 rows → 0 KiB ONNX, not tracked in MLflow' });
  await expect(trained({ trainWindow: { ...handed, end: '2013-04-01T00:00:00Z' } })).resolves.toBeDefined();
});

test('what a trainer was handed counts as seen, however little it says it used', async () => {
  const { body } = await trained({ trainWindow: { ...handed, end: '2013-02-01T00:00:00Z' } });
  expect(body).toMatchObject({ trainWindow: handed });
});
