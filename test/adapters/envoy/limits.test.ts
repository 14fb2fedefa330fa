import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask, routeOf } from '../../contracts/traffic-router.js';
import { startRoutedModels } from '../../servers/routed-models.js';

const signal = AbortSignal.timeout(60_000);

test('without a valid token requests are answered with 401, of that model alone', async () => {
  const { router, envoy } = await startRoutedModels({ 'm-1': 1 });
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const jwksFile = join(envoy.folder, 'keys.json');
  writeFileSync(jwksFile, JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'EdDSA' }] }));
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = (claims: object) => {
    const text = `${encoded({ alg: 'EdDSA', kid: 'k', typ: 'JWT' })}.${encoded(claims)}`;
    return { authorization: `Bearer ${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}` };
  };
  const jwt = { issuer: 'people', audiences: ['ratchet'], jwksFile };
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]], { settings: { jwt } }), signal);
  await router.shift(routeOf('open', 1, [['champion', 'm-1', 100]]), signal);
  const status = async (headers?: Record<string, string>, model = 'm') => (await ask(envoy.url, model, headers)).status;
  expect(await status()).toBe(401);
  expect(await status(token({ iss: 'people', aud: 'ratchet' }))).toBe(200);
  expect(await status(token({ iss: 'others', aud: 'ratchet' }))).toBe(401);
  expect(await status(token({ iss: 'people', aud: 'somebody' }))).toBe(403);
  expect(await status(token({ iss: 'people', aud: 'ratchet', exp: 1 }))).toBe(401);
  expect(await status(undefined, 'open')).toBe(200);

  const held = { ...jwt, jwksFile: 'beside-the-model-file.json', jwks: readFileSync(jwksFile, 'utf8') };
  await router.shift(routeOf('m', 2, [['champion', 'm-1', 100]], { settings: { jwt: held } }), signal);
  expect(await status()).toBe(401);
  expect(await status(token({ iss: 'people', aud: 'ratchet' }))).toBe(200);

  await router.shift(routeOf('m', 3, [['champion', 'm-1', 100]]), signal);
  expect(await status()).toBe(200);
});

test('more requests than the limit are answered with 429', async () => {
  const { router, envoy } = await startRoutedModels({ 'm-1': 1 });
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]], { settings: { rateLimit: { requestsPerSecond: 5 } } }), signal);
  await router.shift(routeOf('open', 1, [['champion', 'm-1', 100]]), signal);
  const statuses = await Promise.all(Array.from({ length: 40 }, async () => (await ask(envoy.url, 'm')).status));
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(10);
  expect((await ask(envoy.url, 'open')).status).toBe(200);
});

test('a replica that answers with errors is left out, but never the last one', async () => {
  const { router, envoy, replicas } = await startRoutedModels({ 'm-1': 2 });
  const [first, second] = replicas['m-1']!;
  const settings = { outlier: { consecutiveErrors: 3, ejectSeconds: 60 } };
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]], { settings }), signal);
  const clusters = (await (await fetch(`${envoy.adminUrl}/config_dump?resource=dynamic_active_clusters`)).json()) as object;
  expect(JSON.stringify(clusters)).toMatch(/"consecutive_5xx":3\b/);
  first!.answer = 500;
  const statusesOf = async (count: number) => {
    const statuses = [];
    for (let asked = 0; asked < count; asked++) statuses.push((await ask(envoy.url, 'm')).status);
    return statuses;
  };
  let errors = 0;
  // Envoy's main thread leaves it out: what its worker sends meanwhile still goes there.
  await expect
    .poll(async () => {
      const failed = (await statusesOf(20)).filter((status) => status === 500).length;
      errors += failed;
      return failed;
    })
    .toBe(0);
  expect(errors).toBeGreaterThanOrEqual(3);
  second!.answer = 500;
  expect(new Set(await statusesOf(20))).toEqual(new Set([500])); // the model server's own answers, not Envoy's 503
});

test('a caller cannot lift the time limit with a header of its own', async () => {
  const { router, envoy, replicas } = await startRoutedModels({ 'm-1': 1 });
  replicas['m-1']![0]!.delayMs = 1000;
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]], { settings: { timeoutMs: 50 } }), signal);
  expect((await ask(envoy.url, 'm', { 'x-envoy-upstream-rq-timeout-ms': '5000' })).status).toBe(504);
});
