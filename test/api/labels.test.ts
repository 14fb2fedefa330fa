import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { apiInTest, type Posted } from './signed-deliveries.js';

const label = { id: 'a', value: 1, observedAt: '2024-05-01T00:00:00Z' };
const jsonl = `${JSON.stringify(label)}\n`;
const parquet = new Uint8Array(
  parquetWriteBuffer({
    columnData: [
      { name: 'id', data: ['a'], type: 'STRING' },
      { name: 'value', data: [1], type: 'DOUBLE' },
    ],
  }),
);

async function send(body: Posted['body'], type: string, { path = '/v1/models/m/labels', api = apiInTest() } = {}) {
  const { store, post } = api;
  const { status, text } = await post({ path, headers: { 'content-type': type }, body });
  return { store, status, answer: JSON.parse(text) as Record<string, unknown> & { error: { message: string; remedy: string } } };
}

test.for<[type: string, body: Posted['body']]>([
  ['application/x-ndjson', jsonl],
  ['application/jsonl; charset=utf-8', jsonl],
  ['text/csv', 'id,value\na,1\n'],
  ['application/vnd.apache.parquet', parquet],
])('labels are taken in as %s', async ([type, body]) => {
  const { status, answer, store } = await send(body, type);
  expect([status, answer]).toMatchObject([201, { model: 'm', rows: 1, known: false }]);
  expect([...store.files.keys()].filter((key) => key.startsWith('labels/m/'))).toHaveLength(1);
});

test('the same content again is known, and changes nothing', async () => {
  const api = apiInTest();
  await send(jsonl, 'application/jsonl', { api });
  const before = [...api.store.files.keys()];
  expect(await send(jsonl, 'application/jsonl', { api })).toMatchObject({ status: 200, answer: { known: true } });
  expect([...api.store.files.keys()]).toEqual(before);
});

test('a bad row is refused with its line and field, and nothing is taken in', async () => {
  const { status, answer, store } = await send(`${jsonl}{"id":"b","value":"late"}\n`, 'application/jsonl');
  expect(status).toBe(400);
  expect(answer.error.message).toMatch(/the body.*2.*value/);
  expect([...store.files.keys()].some((key) => key.startsWith('labels/'))).toBe(false);
});

test('with skipBad the good rows are taken in, and the bad ones counted', async () => {
  const path = '/v1/models/m/labels?skipBad=true';
  expect(await send(`${jsonl}{"id":"b","value":"late"}\n`, 'application/jsonl', { path })).toMatchObject({
    status: 201,
    answer: { rows: 1, badRows: 1 },
  });
});

test.for<[what: string, status: number, words: RegExp, type: string, path: string]>([
  ['a form of a web page', 415, /content-type: expected one of .* found text\/plain/, 'text/plain', '/v1/models/m/labels'],
  ['an unknown model', 404, /there is no model other/, 'application/jsonl', '/v1/models/other/labels'],
  ['what is no name', 404, /expected the name of a model/, 'application/jsonl', '/v1/models/..%2f..%2fkeys/labels'],
])('%s is refused', async ([, expected, words, type, path]) => {
  const { status, answer } = await send(jsonl, type, { path });
  expect([status, answer.error.message]).toEqual([expected, expect.stringMatching(words)]);
});

test('a body beyond the limit is refused', async () => {
  const { status, answer } = await send('x'.repeat(32 * 2 ** 20 + 1), 'application/jsonl');
  expect([status, answer.error.message]).toEqual([413, 'the body: expected at most 32 MiB, found more']);
});
