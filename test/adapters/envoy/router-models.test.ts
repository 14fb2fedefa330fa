import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openRouteStates } from '../../../src/adapters/envoy/route-state.js';
import type { RouteReading } from '../../../src/ports/traffic-router.js';
import { ask, routeOf } from '../../contracts/traffic-router.js';
import { startRoutedModels, type RoutedModels } from '../../servers/routed-models.js';

const signal = AbortSignal.timeout(100_000);
const versionOf = async (url: string, model: string) => (await ask(url, model)).headers.get('x-ratchet-version');
const weightsOf = (reading: RouteReading | null) => reading?.inForce?.splits.map(({ weightPercent }) => weightPercent);

/** `mine`, which is shifted, and `theirs`, which nobody shifts any more. */
async function twoModels(settings: object = {}): Promise<RoutedModels & { routesFile: string; stateFile: string }> {
  const models = await startRoutedModels({ 'm-1': 1, 'm-2': 1, 't-1': 1, 't-2': 1 });
  await models.router.shift(routeOf('mine', 1, [['champion', 'm-1', 100]]), signal);
  const theirs = routeOf('theirs', 1, [['champion', 't-1', 90], ['challenger', 't-2', 10]], { settings }); // prettier-ignore
  await models.router.shift(theirs, signal);
  const { folder } = models.envoy;
  return { ...models, routesFile: join(folder, 'routes.json'), stateFile: join(folder, 'routes', 'theirs', '1.json') };
}

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(`${file}.edited`, change(readFileSync(file, 'utf8')));
  renameSync(`${file}.edited`, file);
}

const jwks = JSON.stringify({ keys: [{ kty: 'oct', alg: 'HS256', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYw', kid: '1' }] });

test.for<[name: string, spoil: (file: string) => void]>([
  ['is no JSON', (file) => writeFileSync(file, '{ "route": ')],
  ['is a route of another shape', (file) => edit(file, (text) => text.replace('"splits"', '"weights"'))],
  ['is empty', (file) => writeFileSync(file, '')],
])('a route whose file %s keeps no other model from being shifted, and is served on as it was', async ([, spoil]) => {
  const { router, envoy, routesFile, stateFile } = await twoModels({ jwt: { issuer: 'me', audiences: [], jwksFile: 'keys.json', jwks } });
  spoil(stateFile);
  const back = routeOf('mine', 2, [['champion', 'm-2', 100]]);
  await router.shift(back, signal);
  await router.refresh();
  expect(await router.read('mine')).toEqual({ asked: back, inForce: { splits: back.splits, mirror: null }, isHeld: false });
  expect(await versionOf(envoy.url, 'mine')).toBe('m-2');
  expect((await ask(envoy.url, 'theirs')).status).toBe(401); // its tokens are asked for as before
  expect(readFileSync(routesFile, 'utf8')).toContain('"requirement_name": "theirs"');
  const words = {
    type: 'RouterUnavailable',
    message: expect.stringContaining(stateFile),
    remedy: expect.stringContaining('remove the file'),
  };
  await expect(router.read('theirs')).rejects.toMatchObject(words);
  await expect(router.shift(routeOf('theirs', 2, [['champion', 't-1', 100]]), signal)).rejects.toMatchObject(words);

  rmSync(stateFile); // what the remedy says
  expect(await router.read('theirs')).toBeNull();
  await router.shift(routeOf('theirs', 3, [['champion', 't-2', 100]]), signal);
  expect(await versionOf(envoy.url, 'theirs')).toBe('t-2');
});

test('a file or folder that is none of ours beside the routes is nobody’s trouble', async () => {
  const { router, envoy } = await twoModels();
  for (const name of ['theirs.json~', '%zz', '.mine.swp']) writeFileSync(join(envoy.folder, 'routes', name), 'x');
  await router.shift(routeOf('mine', 2, [['champion', 'm-2', 100]]), signal);
  await router.refresh();
  expect(await versionOf(envoy.url, 'theirs')).toMatch(/^t-/);
});

test('a weight that was edited by hand is still there to be found after another model was shifted', async () => {
  const { router, routesFile } = await twoModels();
  edit(routesFile, (text) => text.replace('"weight": 90', '"weight": 60').replace('"weight": 10,', '"weight": 40,'));
  await vi.waitFor(async () => expect(weightsOf(await router.read('theirs'))).toEqual([60, 40]), { timeout: 20_000 });
  await router.shift(routeOf('mine', 2, [['champion', 'm-2', 100]]), signal);
  await router.refresh();
  const reading = (await router.read('theirs'))!;
  expect(weightsOf(reading)).toEqual([60, 40]);
  expect(reading.asked.splits.map(({ weightPercent }) => weightPercent)).toEqual([90, 10]);
  const refused = routeOf('mine', 3, [['champion', 'm-1', 100]], { settings: { rateLimit: { requestsPerSecond: 2 ** 33 } } });
  await expect(router.shift(refused, signal)).rejects.toMatchObject({ type: 'RouterRefused' });
  expect(weightsOf(await router.read('theirs'))).toEqual([60, 40]); // nor was it undone by going back
  await router.shift(reading.asked, signal);
  expect(weightsOf(await router.read('theirs'))).toEqual([90, 10]);
});

test('what somebody wrote by hand for another model, and Envoy never took, keeps nobody from being shifted', async () => {
  const { router, envoy, routesFile } = await twoModels();
  edit(routesFile, (text) => text.replace('"weight": 90', '"weight": "many"'));
  await router.shift(routeOf('mine', 2, [['champion', 'm-2', 100]]), signal);
  expect(await versionOf(envoy.url, 'mine')).toBe('m-2');
  expect(weightsOf(await router.read('theirs'))).toEqual([90, 10]);

  edit(routesFile, () => 'no JSON at all');
  await router.shift(routeOf('mine', 3, [['champion', 'm-1', 100]]), signal);
  expect(await versionOf(envoy.url, 'mine')).toBe('m-1');
  expect(weightsOf(await router.read('theirs'))).toEqual([90, 10]);
});

test('what another model asked for and Envoy refuses keeps nobody from being shifted, nor from being looked after', async () => {
  const { router, envoy } = await twoModels();
  await envoy.kill();
  const refused = routeOf('theirs', 2, [['champion', 't-2', 100]], { settings: { rateLimit: { requestsPerSecond: 2 ** 33 } } });
  await expect(router.shift(refused, signal)).rejects.toMatchObject({ type: 'RouterUnavailable' });
  await envoy.start();
  await router.shift(routeOf('mine', 2, [['champion', 'm-2', 100]]), signal);
  expect(await versionOf(envoy.url, 'mine')).toBe('m-2');
  expect(weightsOf(await router.read('theirs'))).toEqual([90, 10]);
  await router.refresh(); // its asker died: what Envoy took last counts
  expect((await openRouteStates(envoy.folder).get('theirs'))?.route.shift).toBe(1);
  await expect(router.shift(refused, signal)).rejects.toMatchObject({ type: 'RouterRefused' });
});
