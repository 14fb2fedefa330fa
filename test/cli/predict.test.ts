import { mkdirSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLocalObjectStore } from '../../src/adapters/local/object-store.js';
import { homeAt } from '../../src/config/home.js';
import { documentBytes } from '../../src/domain/document.js';
import { ModelSpec } from '../../src/domain/model-spec.js';
import { ALIVE, leaveEndpoints } from '../fakes/left-endpoints.js';
import { modelSpec } from '../fakes/model-file.js';
import { createChampionStory } from '../ledger/champion-story.js';
import { named } from '../ledger/sample-bodies.js';
import { temporaryFolder } from '../temporary-folder.js';
import type { CliRun } from './terminal-in-test.js';
import { ratchet } from './terminal-in-test.js';

interface Asked {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An HTTP server that answers every request alike and remembers what it was asked. */
async function router(answer: Answer): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      asked.push({ url: request.url, headers: request.headers, body: JSON.parse(text) });
      response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** A home with the model flights (distance: number, carrier: category) and, where given, a router's address. */
async function home({ url, serving = true }: { url?: string; serving?: boolean }): Promise<string> {
  const path = temporaryFolder();
  mkdirSync(join(path, 'store'));
  const store = createLocalObjectStore(join(path, 'store'));
  const { spec, ...document } = modelSpec('flights');
  const features = [
    { name: 'distance', type: 'number' },
    { name: 'carrier', type: 'category', nullable: true },
  ];
  const whole = ModelSpec.parse({ ...document, spec: { ...spec, data: { ...spec.data, features }, ...(serving && { serving: {} }) } });
  const specDigest = await store.put(documentBytes(whole));
  await createChampionStory({ store }).append('a', { kind: 'spec-applied', specDigest, codeDigest: named('code'), requestedBy: 'ana' });
  if (url !== undefined)
    leaveEndpoints(homeAt(path, {}), {
      supervisor: ALIVE,
      storeUri: store.uri,
      traffic: url === '' ? null : { url, process: null, servingHost: null },
    });
  return path;
}

/** `ratchet predict flights -f` a file with these rows. */
async function predict(homePath: string, rows: unknown, ...options: string[]): Promise<CliRun> {
  const file = join(temporaryFolder(), 'row.json');
  writeFileSync(file, typeof rows === 'string' ? rows : JSON.stringify(rows));
  return ratchet(['predict', 'flights', '-f', file, '--home', homePath, ...options]);
}

const scores = (...data: number[]): Answer => ({
  headers: { 'x-ratchet-version': 'flights-9+old', 'x-ratchet-instance': 'flights-9' },
  body: JSON.stringify({ model_name: 'flights', id: 'r-1', outputs: [{ name: 'score', shape: [data.length], datatype: 'FP64', data }] }),
});

test('a row is sent as one tensor a feature, and the answer says who gave it', async () => {
  const { url, asked } = await router(scores(0.25));
  const { code, out } = await predict(await home({ url }), { distance: 733, carrier: null }, '--header', 'X-Caller=ana');
  expect(code).toBe(0);
  expect(out).toMatch(/^score {5}0\.25\nid {8}r-1\nversion {3}flights-9\+old\ninstance {2}flights-9\nlatency {3}\d+\.\d ms$/);
  expect(asked).toMatchObject([
    {
      url: '/v2/models/flights/infer',
      headers: { 'x-caller': 'ana', 'content-type': 'application/json' },
      body: {
        inputs: [
          { name: 'distance', shape: [1], datatype: 'FP64', data: [733] },
          { name: 'carrier', shape: [1], datatype: 'BYTES', data: [null] },
        ],
      },
    },
  ]);
});

test('several rows come as a table, or as JSON', async () => {
  const { url } = await router(scores(0.25, 0.5));
  const path = await home({ url });
  const rows = [{ distance: 1 }, { distance: 2 }];
  expect((await predict(path, rows)).out).toMatch(/^ROW {2}SCORE\n1 {4}0\.25\n2 {4}0\.5\n/);
  expect(JSON.parse((await predict(path, rows, '-o', 'json')).out)).toMatchObject({
    model: 'flights',
    scores: [0.25, 0.5],
    id: 'r-1',
    version: 'flights-9+old',
  });
});

test('a feature that the spec does not know is sent: the server says what it thinks of it', async () => {
  const { url, asked } = await router({ status: 422, body: JSON.stringify({ error: 'input "speed": no such feature' }) });
  const { code, err } = await predict(await home({ url }), { distance: 1, speed: 'high' });
  expect(code).toBe(1);
  expect(err).toBe(
    'error: flights: refused with 422: input "speed": no such feature\n  → correct the request; `ratchet get flights -o yaml` shows the features and what serving asks for',
  );
  expect(asked[0]?.body).toMatchObject({ inputs: [{ name: 'distance' }, { name: 'speed', datatype: 'BYTES', data: ['high'] }] });
});

describe('what cannot be answered is said in a sentence', () => {
  test.for<[name: string, answer: Answer, message: RegExp]>([
    ['a version that is down', { status: 503, body: 'no healthy upstream' }, /answered with 503: no healthy upstream\n.*ratchet status/],
    [
      'a model that the router does not know',
      { status: 404, body: '' },
      /refused with 404: \(no words\)\n.*whether a version of it answers/,
    ],
    ['an answer of another kind', { body: '<html>' }, /expected an output with 1 numbers, found <html>/],
    ['too few scores', scores(), /expected an output with 1 numbers/],
  ])('%s', async ([, answer, message]) => {
    const { url } = await router(answer);
    const { code, err } = await predict(await home({ url }), { distance: 1 });
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });

  test('a router that is gone', async () => {
    const { err } = await predict(await home({ url: 'http://127.0.0.1:1' }), { distance: 1 });
    expect(err).toMatch(/the router at http:\/\/127\.0\.0\.1:1\/v2\/models\/flights\/infer does not answer: .+\n.*ratchet up/);
  });

  test('a stack without a router, no stack, a model without serving, no model', async () => {
    expect((await predict(await home({ url: '' }), { distance: 1 })).err).toMatch(/runs no router\n.*ratchet up/);
    expect((await predict(await home({}), { distance: 1 })).err).toMatch(/no stack runs in/);
    expect((await predict(await home({ serving: false }), { distance: 1 })).err).toMatch(
      /its spec has no `serving`\n.*add `serving: \{\}`/,
    );
    expect((await predict(temporaryFolder(), { distance: 1 })).err).toMatch(/there is no model flights/);
  });
});

describe('a file that holds no rows is refused with what was found', () => {
  test.for<[rows: unknown, message: RegExp]>([
    ['{', /expected a JSON file of rows, found no JSON/],
    [[], /expected at least one row, found an empty array/],
    [7, /the row: expected an object of feature and value, found 7/],
    [[{ distance: 1 }, [2]], /row 2: expected an object of feature and value, found \[2\]/],
    [{ distance: { km: 1 } }, /the row, field distance: expected a number, a text or null, found \{"km":1\}/],
    [[{ late: true }], /row 1, field late: expected a number, a text or null, found true/],
  ])('%j', async ([rows, message]) => {
    const { code, err } = await predict(temporaryFolder(), rows);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });
});
