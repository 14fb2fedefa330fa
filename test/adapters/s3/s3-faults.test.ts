import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { createS3ObjectStore } from '../../../src/adapters/s3/object-store.js';
import { digestOfBytes } from '../../../src/domain/digest.js';

interface Answer {
  readonly status: number;
  readonly code?: string;
  /** Absent: words that say nothing. */
  readonly words?: string;
  readonly body?: string;
  /** Nothing is answered: the connection breaks after the request arrived. */
  readonly breaks?: boolean;
}

/** An S3 server that gives these answers in turn, the last one for ever. */
async function answering(...answers: Answer[]) {
  let asked = 0;
  const methods: string[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const { status, code, words = 'as asked', body, breaks } = answers[Math.min(asked++, answers.length - 1)]!;
      methods.push(request.method!);
      if (breaks) return void request.socket.destroy();
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(body ?? (code ? `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${words}</Message></Error>` : ''));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  const { port } = server.address() as { port: number };
  const environment = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'top-secret', AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` };
  return { store: createS3ObjectStore({ uri: 's3://bucket', environment, requestTimeoutMs: 30_000 }), methods };
}

const bytes = Buffer.from('record');

test.for<[says: string, answer: Answer, type: string]>([
  ['slow down, whatever the SDK tried', { status: 503, code: 'SlowDown' }, 'StoreUnavailable'],
  ['an error of the server', { status: 500, code: 'InternalError' }, 'StoreUnavailable'],
  ['a broken connection', { status: 0, breaks: true }, 'StoreUnavailable'],
  ['missing rights', { status: 403, code: 'AccessDenied' }, 'AccessDenied'],
  ['credentials that have run out', { status: 400, code: 'ExpiredToken' }, 'AccessDenied'],
  ['a quota', { status: 403, code: 'QuotaExceeded' }, 'StoreFull'],
  ['a full disk', { status: 507, code: 'XMinioStorageFull' }, 'StoreFull'],
  ['no bucket', { status: 404, code: 'NoSuchBucket' }, 'StoreUnavailable'],
])('tells apart: %s', { timeout: 60_000 }, async ([, answer, type]) => {
  const { store } = await answering(answer);
  const failure = await store.createIfAbsent('ledger/1', bytes).catch((error: unknown) => error);
  expect(failure).toMatchObject({ type, message: expect.stringMatching(/^PutObject s3:\/\/bucket: /) });
  expect(JSON.stringify(failure) + String(failure)).not.toContain('top-secret');
});

test.for<[says: string, answer: Answer, type: string, remedy: RegExp]>([
  ['a disabled key', { status: 400, code: 'KMS.DisabledException' }, 'StoreUnavailable', /found by itself$/],
  ['a key that is not ours', { status: 403, code: 'kms:NotAuthorized' }, 'AccessDenied', /ratchet retry/],
  [
    'no right on the key, of which AWS speaks in its words alone',
    { status: 403, code: 'AccessDenied', words: 'User x is not authorized to perform: kms:GenerateDataKey on this resource' },
    'AccessDenied',
    /ratchet retry/,
  ],
])('names the setting of a key of KMS that cannot be used: %s', { timeout: 60_000 }, async ([, answer, type, remedy]) => {
  const { store } = await answering(answer);
  const failure = await store.createIfAbsent('ledger/1', bytes).catch((error: unknown) => error);
  expect(failure).toMatchObject({ type, remedy: expect.stringMatching(/RATCHET_STORE_KMS_KEY_ID/) });
  expect(failure).toMatchObject({ remedy: expect.stringMatching(remedy) });
});

test.for<[says: string, answers: Answer[], created: boolean]>([
  ['creates after another removed the last object beside it', [{ status: 409, code: 'ExistingObjectIsDirectory' }, { status: 200 }], true],
  ['creates after another’s attempt failed in between', [{ status: 409, code: 'ConditionalRequestConflict' }, { status: 200 }], true],
  [
    'has lost where the other was quicker',
    [
      { status: 409, code: 'ConditionalRequestConflict' },
      { status: 412, code: 'PreconditionFailed' },
    ],
    false,
  ],
  [
    'says false where its own first answer was lost: the caller reads and adopts',
    [
      { status: 0, breaks: true },
      { status: 412, code: 'PreconditionFailed' },
    ],
    false,
  ],
  ['goes on after the server asked it to slow down', [{ status: 503, code: 'SlowDown' }, { status: 200 }], true],
])('a conditional write %s', async ([, answers, created]) => {
  const { store } = await answering(...answers);
  expect(await store.createIfAbsent('ledger/1', bytes)).toBe(created);
});

test('gives up a conflict that never ends, to be asked again', async () => {
  const { store } = await answering({ status: 409, code: 'ConditionalRequestConflict' });
  await expect(store.createIfAbsent('ledger/1', bytes)).rejects.toMatchObject({
    type: 'StoreUnavailable',
    message: expect.stringContaining('ConditionalRequestConflict'),
  });
});

test('puts again over bytes that are not those of their name', async () => {
  const { store, methods } = await answering({ status: 412, code: 'PreconditionFailed' }, { status: 200, body: 'rec' }, { status: 200 });
  await store.put(bytes);
  expect(methods).toEqual(['PUT', 'GET', 'PUT']);
});

test('removes what is gone already, also where the server misses it', async () => {
  const { store, methods } = await answering({ status: 404, code: 'NoSuchKey' });
  await store.remove(digestOfBytes(bytes));
  expect(methods).toEqual(['DELETE']);
});

test('says who may not delete', async () => {
  const { store } = await answering({ status: 403, code: 'AccessDenied' });
  await expect(store.remove(digestOfBytes(bytes))).rejects.toMatchObject({
    type: 'AccessDenied',
    message: expect.stringMatching(/^DeleteObject s3:\/\/bucket: /),
    remedy: expect.stringContaining('for gc'),
  });
});

test.for(['s3:/bucket', 's3://', 's3://Bucket_1', 'https://bucket', 's3://key:secret@bucket', 's3://bucket/../x', 's3://bucket//x'])(
  'refuses the address %s',
  (uri) => {
    expect(() => createS3ObjectStore({ uri, environment: {} })).toThrow(/expected/);
  },
);
