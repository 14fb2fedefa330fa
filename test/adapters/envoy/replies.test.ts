import { writeFileSync } from 'node:fs';
import { generateKeyPairSync, sign } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { routeOf } from '../../contracts/traffic-router.js';
import { startRoutedModels } from '../../servers/routed-models.js';

const signal = AbortSignal.timeout(60_000);

/** The answer as a caller sees it: its status, that it is JSON, and what its one key says. */
async function answerOf(url: string, init: RequestInit = {}): Promise<{ status: number; error: string }> {
  return refusalIn(await fetch(url, { method: 'POST', body: '{"inputs": []}', ...init }));
}

async function refusalIn(response: Response): Promise<{ status: number; error: string }> {
  expect(response.headers.get('content-type')).toBe('application/json');
  const body = (await response.json()) as { error: string };
  expect(Object.keys(body)).toEqual(['error']);
  return { status: response.status, error: body.error };
}

test('whatever the proxy answers itself is JSON that says what happened and what to do', async () => {
  const { router, envoy, replicas } = await startRoutedModels({ 'm-1': 1, 'slow-1': 1, 'gone-1': 1, 'busy-1': 1 });
  const ask = (model: string, init?: RequestInit) => answerOf(`${envoy.url}/v2/models/${model}/infer`, init);
  const shift = (model: string, instance: string, settings: object) =>
    router.shift(routeOf(model, 1, [['champion', instance, 100]], { settings }), signal);

  expect(await ask('nobody')).toEqual({ status: 404, error: expect.stringMatching(/\/v2\/models\/nobody\/infer.*ratchet get/) });
  expect(await ask('m%2Fn')).toEqual({ status: 400, error: expect.stringMatching(/HTTP 400.*correct the request/) });

  replicas['slow-1']![0]!.answer = 'never';
  await shift('slow', 'slow-1', { timeoutMs: 50 });
  expect(await ask('slow')).toEqual({ status: 504, error: expect.stringMatching(/model slow: .*timeoutMs, 50 ms: ask again/) });

  await shift('gone', 'gone-1', {});
  await replicas['gone-1']![0]!.kill();
  expect(await ask('gone')).toEqual({
    status: 503,
    error: expect.stringMatching(/model gone: none of its servers.*ratchet status gone/),
  });

  await shift('held', 'm-1', {});
  await router.hold('held', true, signal);
  expect(await ask('held')).toEqual({
    status: 503,
    error: expect.stringMatching(/^model held: its serving is paused: no request is answered until a person resumes it$/),
  });

  replicas['busy-1']![0]!.answer = 'never';
  await shift('busy', 'busy-1', { concurrentRequestsMax: 1, timeoutMs: 5000 });
  const busy = await Promise.all([1, 2, 3].map(() => ask('busy')));
  expect(busy).toContainEqual({ status: 503, error: expect.stringMatching(/model busy: .*concurrentRequestsMax.*fewer/) });

  await shift('often', 'm-1', { rateLimit: { requestsPerSecond: 1 } });
  const often = await Promise.all(
    Array.from({ length: 20 }, () => fetch(`${envoy.url}/v2/models/often/infer`, { method: 'POST', body: '{}' })),
  );
  const refused = often.find(({ ok }) => !ok);
  expect(refused && (await refusalIn(refused))).toEqual({
    status: 429,
    error: expect.stringMatching(/model often: .*rateLimit.*more slowly/),
  });
});

test('a refused token is told in JSON too, with what is wrong with it', async () => {
  const { router, envoy } = await startRoutedModels({ 'm-1': 1 });
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const jwksFile = join(envoy.folder, 'keys.json');
  writeFileSync(jwksFile, JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'EdDSA' }] }));
  const jwt = { issuer: 'people', audiences: ['ratchet'], jwksFile };
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]], { settings: { jwt } }), signal);
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encoded({ alg: 'EdDSA', kid: 'k' })}.${encoded({ iss: 'people', aud: 'somebody' })}`;
  const authorization = `Bearer ${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
  const url = `${envoy.url}/v2/models/m/infer`;
  expect(await answerOf(url)).toEqual({ status: 401, error: expect.stringMatching(/model m: .*Jwt is missing: ask/) });
  expect(await answerOf(url, { headers: { authorization } })).toEqual({
    status: 403,
    error: expect.stringMatching(/model m: .*serving\.jwt\.audiences.*ask/),
  });
});

test('what is no HTTP at all is answered with JSON, and a model server’s own words pass unchanged', async () => {
  const { router, envoy, replicas } = await startRoutedModels({ 'm-1': 1 });
  const { port } = new URL(envoy.url);
  const answer = await new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write('GARBAGE\r\n\r\n'));
    socket.on('data', (bytes) => (text += bytes.toString()));
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toContain('content-type: application/json');
  expect(answer).toMatch(/\{"error":"HTTP 400: /);

  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]]), signal);
  replicas['m-1']![0]!.answer = 503;
  const response = await fetch(`${envoy.url}/v2/models/m/infer`, { method: 'POST', body: '{}' });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ model_version: 'm-1' });
});
