import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openRouteStates } from '../../../src/adapters/envoy/route-state.js';
import { createEnvoyTrafficRouter } from '../../../src/adapters/envoy/traffic-router.js';
import { ask, routeOf } from '../../contracts/traffic-router.js';
import { startRoutedModels } from '../../servers/routed-models.js';

const signal = AbortSignal.timeout(100_000);
const versionOf = async (url: string, model = 'm') => (await ask(url, model)).headers.get('x-ratchet-version');

test('after kill -9 and a restart Envoy serves the last route, also one that was asked for while it was away', async () => {
  const { router, envoy } = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]]), signal);
  await envoy.kill();
  expect((await router.read('m'))?.inForce).toBeNull();
  await envoy.start();
  expect(await versionOf(envoy.url)).toBe('m-1');

  await envoy.kill();
  const next = routeOf('m', 2, [['champion', 'm-2', 100]]);
  await expect(router.shift(next, signal)).rejects.toMatchObject({ type: 'RouterUnavailable' });
  await envoy.start();
  expect(await versionOf(envoy.url)).toBe('m-2');
  await router.shift(next, signal); // what a retry does
  expect((await router.read('m'))?.inForce?.splits).toEqual(next.splits);
});

test('a configuration that Envoy refuses is reported with its words, and the old route stays in force', async () => {
  const { router, envoy } = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
  const old = routeOf('m', 1, [['champion', 'm-1', 100]]);
  await router.shift(old, signal);
  const jwksFile = join(envoy.folder, 'broken.json');
  writeFileSync(jwksFile, '{"keys": []}');
  const refused = [
    { settings: { jwt: { issuer: 'me', audiences: [], jwksFile } }, words: /public key/ },
    { settings: { outlier: { consecutiveErrors: 2 ** 33, ejectSeconds: 1 } }, words: /consecutive_5xx|8589934592/ },
    { settings: { timeoutMs: -1000 }, words: /settings\.timeoutMs/ },
    { settings: { rateLimit: { requestsPerSecond: 2 ** 33 } }, words: /max_tokens|17179869184/ },
  ];
  for (const { settings, words } of refused) {
    const failing = router.shift(routeOf('m', 2, [['champion', 'm-2', 100]], { settings }), signal);
    await expect(failing).rejects.toMatchObject({ type: 'RouterRefused', message: expect.stringMatching(words) });
    expect(await versionOf(envoy.url)).toBe('m-1');
    expect(await router.read('m')).toEqual({ asked: old, inForce: { splits: old.splits, mirror: null }, isHeld: false });
  }
  await envoy.kill();
  await envoy.start();
  expect(await versionOf(envoy.url)).toBe('m-1');
  await router.shift(routeOf('m', 2, [['champion', 'm-2', 100]]), signal);
  expect(await versionOf(envoy.url)).toBe('m-2');
});

test('a route that is refused only by a later try, its first asker having died, goes back to the one that Envoy took', async () => {
  const { router, envoy } = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]]), signal);
  await envoy.kill();
  const refused = routeOf('m', 2, [['champion', 'm-2', 100]], { settings: { rateLimit: { requestsPerSecond: 2 ** 33 } } });
  await expect(router.shift(refused, signal)).rejects.toMatchObject({ type: 'RouterUnavailable' });
  await envoy.start();
  await expect(router.shift(refused, signal)).rejects.toMatchObject({ type: 'RouterRefused' });
  await vi.waitFor(async () => expect(await versionOf(envoy.url)).toBe('m-1'), { timeout: 20_000 });
  expect((await router.read('m'))?.asked.shift).toBe(1);
});

test('a weight that was edited by hand shows in what is read, and the same shift sets it back', async () => {
  const { router, envoy } = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
  const route = routeOf('m', 1, [['champion', 'm-1', 90], ['challenger', 'm-2', 10]]); // prettier-ignore
  await router.shift(route, signal);
  const file = join(envoy.folder, 'routes.json');
  writeFileSync(
    `${file}.edited`,
    readFileSync(file, 'utf8').replace('"weight": 90', '"weight": 60').replace('"weight": 10', '"weight": 40'),
  );
  renameSync(`${file}.edited`, file);
  await vi.waitFor(
    async () => {
      const reading = await router.read('m');
      expect(reading?.inForce?.splits.map(({ weightPercent }) => weightPercent)).toEqual([60, 40]);
      expect(reading?.asked).toEqual(route);
    },
    { timeout: 20_000 },
  );
  await router.refresh(); // where servers are is another matter: what was done by hand stays until somebody was told
  expect((await router.read('m'))?.inForce?.splits.map(({ weightPercent }) => weightPercent)).toEqual([60, 40]);
  await router.shift(route, signal);
  expect((await router.read('m'))?.inForce?.splits).toEqual(route.splits);
});

test('a route whose asker died before the proxy had it is put in force by the next look, and is nobody’s edit', async () => {
  const { router, envoy, replicas } = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
  const [old, next] = [routeOf('m', 1, [['champion', 'm-1', 100]]), routeOf('m', 2, [['champion', 'm-2', 100]])];
  await router.shift(old, signal);
  const addresses = Object.fromEntries(['m-1', 'm-2'].map((name) => [name, [replicas[name]![0]!.address]]));
  const states = openRouteStates(envoy.folder);
  await states.claim({ route: next, check: null, addresses, before: { route: old, check: null, addresses } });
  expect(await versionOf(envoy.url)).toBe('m-1');
  await router.refresh();
  await vi.waitFor(async () => expect(await versionOf(envoy.url)).toBe('m-2'), { timeout: 20_000 });
  expect((await states.get('m'))?.before).toBe('taken');
});

test('of two routers that shift at once the higher number wins, and Envoy has it', async () => {
  const { router, envoy, replicas } = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
  const addressesOf = (name: string) => Promise.resolve([replicas[name]![0]!.address]);
  const second = createEnvoyTrafficRouter({ ...envoy, addressesOf });
  const asked = Array.from({ length: 8 }, (_, at) => {
    const route = routeOf('m', at + 1, [['champion', at % 2 === 0 ? 'm-1' : 'm-2', 100]]);
    return (at % 2 === 0 ? router : second).shift(route, signal);
  });
  const ended = await Promise.allSettled(asked);
  expect(ended.at(-1)?.status).toBe('fulfilled');
  for (const one of ended) if (one.status === 'rejected') expect(one.reason).toMatchObject({ type: 'ShiftStale' });
  expect((await router.read('m'))?.asked.shift).toBe(8);
  expect(await versionOf(envoy.url)).toBe('m-2');
});

test('a lock that a dead process left is taken', async () => {
  const { router, envoy } = await startRoutedModels({ 'm-1': 1 });
  writeFileSync(join(envoy.folder, 'router.lock'), JSON.stringify({ pid: process.pid, start: 'before the last boot', token: 'gone' }));
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]]), signal);
  expect(await versionOf(envoy.url)).toBe('m-1');
});

test('addresses that moved are found again, and one that cannot be found stays', async () => {
  const { router, envoy, replicas } = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]]), signal);
  const before = readFileSync(join(envoy.folder, 'clusters.json'), 'utf8');
  await router.refresh();
  expect(readFileSync(join(envoy.folder, 'clusters.json'), 'utf8')).toBe(before);

  const movedTo = createEnvoyTrafficRouter({ ...envoy, addressesOf: () => Promise.resolve([replicas['m-2']![0]!.address]) });
  await movedTo.refresh();
  expect(await versionOf(envoy.url)).toBe('m-2');
  const lost = createEnvoyTrafficRouter({ ...envoy, addressesOf: () => Promise.reject(new Error('away')) });
  await lost.refresh();
  expect(await versionOf(envoy.url)).toBe('m-2');
});
