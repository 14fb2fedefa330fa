import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRouteStates } from '../../../src/adapters/envoy/route-state.js';
import { envoyFiles } from '../../../src/adapters/local/servers/envoy-files.js';
import { ask, routeOf } from '../../contracts/traffic-router.js';
import { startRoutedModels } from '../../servers/routed-models.js';

const signal = AbortSignal.timeout(60_000);
const splits = [['champion', 'm-1', 100]] as const;

test('what is held stays held over kill -9 of Envoy, also where that was asked for while it was away', async () => {
  const { envoy, router } = await startRoutedModels({ 'm-1': 1 });
  await router.shift(routeOf('m', 1, splits), signal);
  await router.hold('m', true, signal);
  await envoy.kill();
  await envoy.start();
  expect((await ask(router.url, 'm')).status).toBe(503);
  await envoy.kill();
  await expect(router.hold('m', false, signal)).rejects.toMatchObject({ type: 'RouterUnavailable' });
  expect((await router.read('m'))?.isHeld).toBe(false);
  await envoy.start();
  expect((await ask(router.url, 'm')).status).toBe(200);
});

test('a shift of another model and a refresh leave it held', async () => {
  const { router } = await startRoutedModels({ 'm-1': 1, 'n-1': 1 });
  await router.shift(routeOf('m', 1, splits), signal);
  await router.hold('m', true, signal);
  await router.shift(routeOf('n', 1, [['champion', 'n-1', 100]]), signal);
  await router.refresh();
  expect((await ask(router.url, 'm')).status).toBe(503);
  expect((await ask(router.url, 'n')).status).toBe(200);
});

test('where somebody lets requests through by hand that shows in what is read, and the same hold sets it back', async () => {
  const { envoy, router } = await startRoutedModels({ 'm-1': 1 });
  await router.shift(routeOf('m', 1, splits), signal);
  const open = readFileSync(envoyFiles(envoy.folder).routes, 'utf8');
  await router.hold('m', true, signal);
  const edited = join(envoy.folder, 'edited.json');
  writeFileSync(edited, open);
  renameSync(edited, envoyFiles(envoy.folder).routes);
  await expect.poll(async () => (await ask(router.url, 'm')).status).toBe(200);
  expect((await router.read('m'))?.isHeld).toBe(false);
  await router.hold('m', true, signal);
  expect((await ask(router.url, 'm')).status).toBe(503);
  expect((await router.read('m'))?.isHeld).toBe(true);
});

test('a model whose own state is spoilt or gone is held by what lies in the proxy’s file, and let through again', async () => {
  const { envoy, router } = await startRoutedModels({ 'm-1': 1 });
  await router.shift(routeOf('m', 1, splits), signal);
  const state = join(envoy.folder, 'routes', 'm', '1.json');
  for (const spoil of [() => writeFileSync(state, '{'), () => rmSync(state)]) {
    spoil();
    await router.hold('m', true, signal);
    expect((await ask(router.url, 'm')).status).toBe(503);
    await router.hold('m', false, signal);
    expect((await ask(router.url, 'm')).status).toBe(200);
  }
});

test('a folder whose name is none of ours is nobody’s trouble', async () => {
  const { envoy, router } = await startRoutedModels({ 'm-1': 1 });
  mkdirSync(join(envoy.folder, 'routes', '%zz'), { recursive: true });
  await router.shift(routeOf('m', 1, splits), signal);
  await router.hold('m', true, signal);
  expect((await ask(router.url, 'm')).status).toBe(503);
});

test('what was asked for and died before the proxy heard of it is in force with the next shift of any model', async () => {
  const { envoy, router } = await startRoutedModels({ 'm-1': 1, 'n-1': 1 });
  await router.shift(routeOf('m', 1, splits), signal);
  await openRouteStates(envoy.folder).hold('m', true);
  expect((await ask(router.url, 'm')).status).toBe(200);
  await router.shift(routeOf('n', 1, [['champion', 'n-1', 100]]), signal);
  expect((await ask(router.url, 'm')).status).toBe(503);
});
