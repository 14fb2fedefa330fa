import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { exclusively } from '../../../src/adapters/envoy/exclusive-folder.js';
import { createEnvoyTrafficRouter } from '../../../src/adapters/envoy/traffic-router.js';
import { lastTaken, openRouteStates, type RouteState } from '../../../src/adapters/envoy/route-state.js';
import { identify } from '../../../src/adapters/local/process-identity.js';
import { ask, routeOf } from '../../contracts/traffic-router.js';
import { startRoutedModels, type RoutedModels } from '../../servers/routed-models.js';
import { temporaryFolder } from '../../temporary-folder.js';

const signal = AbortSignal.timeout(100_000);

test('the lock of a process that lives and stands still is taken over, where one at work would have been waited for in vain', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'router.lock'), JSON.stringify({ ...identify(process.pid), token: 'silent' }));
  await exclusively(folder, signal, (turn) => turn.keep());
  expect(readdirSync(folder)).toEqual(['staging']);
});

test('a process that is at work is waited for, however long its work, and one that lost its turn is told', async () => {
  const folder = temporaryFolder();
  const entered: string[] = [];
  let second: Promise<void> | undefined;
  await exclusively(folder, signal, async (turn) => {
    second = exclusively(folder, signal, async () => void entered.push('second'));
    await sleep(1000); // longer than a silent one is waited for
    await turn.keep();
    entered.push('first');
  });
  await second;
  expect(entered).toEqual(['first', 'second']);
  await exclusively(folder, signal, async (turn) => {
    writeFileSync(join(folder, 'router.lock'), JSON.stringify({ ...identify(process.pid), token: 'faster' }));
    await expect(turn.keep()).rejects.toMatchObject({ type: 'RouterUnavailable', message: expect.stringContaining('took over') });
    expect(turn.isLost()).toBe(true);
  });
  expect(readdirSync(folder)).toContain('router.lock'); // another one's is left alone
});

test.for<[when: string, request: number]>([
  ['before it has written anything', 1],
  ['after it has written', 3],
])('a turn-back goes past a shift whose process was stopped %s, and that one, awake again, changes nothing', async ([, request]) => {
  const models = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
  const { router } = models;
  await router.shift(routeOf('m', 5, [['champion', 'm-1', 100]]), signal);
  const forward = routeOf('m', 6, [['champion', 'm-2', 100]]);
  const { stopped, goOn } = shiftElsewhere(models, forward, request);
  await stopped;
  const back = routeOf('m', 7, [['champion', 'm-1', 100]]);
  await router.shift(back, signal);
  expect(await goOn()).toBe('RouterUnavailable');
  expect(await router.read('m')).toEqual({ asked: back, inForce: { splits: back.splits, mirror: null }, isHeld: false });
  await expect(router.shift(forward, signal)).rejects.toMatchObject({ type: 'ShiftStale' });
});

test('a number that was taken is not taken again, nor a lower one, whoever holds the lock', async () => {
  const states = openRouteStates(temporaryFolder());
  const state = (shift: number, instance: string) =>
    ({ route: routeOf('m', shift, [['champion', instance, 100]]), check: null, addresses: {}, before: null }) as const;
  await states.claim(state(5, 'm-1'));
  await states.claim(state(7, 'm-1'));
  await expect(states.claim(state(6, 'm-2'))).rejects.toMatchObject({ type: 'ShiftStale' });
  await expect(states.claim(state(7, 'm-2'))).rejects.toMatchObject({ type: 'ShiftStale' });
  await states.claim(state(7, 'm-1'));
  await states.replace({ ...state(7, 'm-1'), before: 'taken' });
  const { route, check, addresses } = state(7, 'm-1');
  await states.claim({ ...state(8, 'm-2'), before: { route, check, addresses } });
  const refused = (await states.get('m'))!;
  await states.goBack(refused, lastTaken(refused));
  expect((await states.all()).get('m')?.route.shift).toBe(7);
});

test('a route that was kept by an earlier version of Ratchet is read, and gives way to the next one', async () => {
  const folder = temporaryFolder();
  const route = routeOf('m', 3, [['champion', 'm-1', 100]]);
  mkdirSync(join(folder, 'routes'));
  const old: RouteState = { route, check: null, addresses: { 'm-1': ['127.0.0.1:1'] }, before: 'taken' };
  writeFileSync(join(folder, 'routes', 'm.json'), JSON.stringify(old));
  const states = openRouteStates(folder);
  expect((await states.all()).get('m')?.route).toEqual(route);
  const next = { ...old, route: { ...route, shift: 4 } };
  await states.claim(next);
  await states.replace(next);
  expect(readdirSync(join(folder, 'routes'))).toEqual(['m']);
  expect((await states.get('m'))?.route.shift).toBe(4);
});

const canMount = process.platform === 'linux' && process.getuid?.() === 0;

test.skipIf(!canMount)(
  'a full disk, a read-only one and a folder that is none are told as what they are (needs root on Linux)',
  async () => {
    const disk = temporaryFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
    onTestFinished(() => void execFileSync('umount', [disk]));
    const folder = join(disk, 'proxy');
    mkdirSync(folder);
    const away = { folder, adminUrl: 'http://127.0.0.1:1', url: '', addressesOf: () => Promise.resolve(['127.0.0.1:1']) };
    const router = createEnvoyTrafficRouter(away);
    const shift = () => router.shift(routeOf('m', 1, [['champion', 'm-1', 100]]), signal);
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(60 * 1024));
    await expect(shift()).rejects.toMatchObject({
      type: 'StoreFull',
      message: expect.stringMatching(/^routes of the proxy .*proxy: the disk is full \(0\.\d MiB/),
      remedy: expect.stringContaining(folder),
    });
    rmSync(join(disk, 'ballast'));
    await expect(shift()).rejects.toMatchObject({ type: 'RouterUnavailable', message: expect.stringContaining('127.0.0.1:1') });

    execFileSync('mount', ['-o', 'remount,ro', disk]);
    await expect(shift()).rejects.toMatchObject({ type: 'AccessDenied', message: expect.stringMatching(/expected a folder .*EROFS/) });
    execFileSync('mount', ['-o', 'remount,rw', disk]);

    rmSync(join(folder, 'routes'), { recursive: true });
    writeFileSync(join(folder, 'routes'), 'not a folder');
    const words = expect.stringMatching(/ENOTDIR/);
    await expect(router.read('m')).rejects.toMatchObject({ type: 'RouterUnavailable', message: words });
    await expect(router.refresh()).rejects.toMatchObject({ type: 'RouterUnavailable', message: words });
  },
);

test.skipIf(!canMount)(
  'on a full disk traffic is given back nevertheless, and no other shift takes the room that is kept for it (needs root on Linux)',
  async () => {
    const disk = temporaryFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    onTestFinished(() => void execFileSync('umount', ['--lazy', disk]));
    const folder = join(disk, 'proxy');
    const { router, envoy } = await startRoutedModels({ 'm-1': 1, 'm-2': 1, 't-1': 1 }, folder);
    await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]]), signal);
    await router.shift(routeOf('t', 1, [['champion', 't-1', 100]]), signal);
    await router.shift(routeOf('m', 2, [['champion', 'm-1', 60], ['challenger', 'm-2', 40]]), signal); // prettier-ignore
    const freeBytes = (): number => statfsSync(disk).bavail * statfsSync(disk).bsize;
    const ballast = openSync(join(disk, 'ballast'), 'w');
    onTestFinished(() => closeSync(ballast));
    const eat = (): void => {
      for (const block = Buffer.alloc(4096, 'x'); freeBytes() > 0;) writeSync(ballast, block);
    };
    eat();
    const forward = routeOf('m', 3, [['champion', 'm-1', 20], ['challenger', 'm-2', 80]]); // prettier-ignore
    for (let tries = 0; tries < 5; tries++) await expect(router.shift(forward, signal)).rejects.toMatchObject({ type: 'StoreFull' });
    await expect(router.refresh()).rejects.toMatchObject({ type: 'StoreFull' });

    const back = routeOf('m', 4, [['champion', 'm-1', 100]]);
    await router.shift(back, signal);
    expect(await router.read('m')).toEqual({ asked: back, inForce: { splits: back.splits, mirror: null }, isHeld: false });
    eat(); // whoever fills the disk takes what was freed as well
    await router.shift(routeOf('t', 2, [['champion', 't-1', 100]]), signal);
    expect((await ask(envoy.url, 'm')).headers.get('x-ratchet-version')).toBe('m-1');

    ftruncateSync(ballast, 0);
    await router.refresh();
    const spares = readdirSync(join(folder, 'spare')).map((name) => statSync(join(folder, 'spare', name)).size);
    expect(spares).toEqual(Array.from({ length: 24 }, () => spares[0]));
    expect(spares[0]).toBeGreaterThanOrEqual(2 * statSync(join(folder, 'clusters.json')).size);
    await router.shift(routeOf('m', 5, forward.splits.map(({ arm, instance, weightPercent }) => [arm, instance, weightPercent])), signal); // prettier-ignore
  },
);

/** Another process shifts, and is stopped as soon as it has asked Envoy so often. */
function shiftElsewhere({ envoy, replicas }: RoutedModels, route: object, requestMax: number) {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let requests = 0;
  let tellStopped = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (tellStopped = resolve));
  const admin = createServer((request, response) => void answer(request.url ?? '/', response));
  onTestFinished(() => void admin.close());
  const ended = new Promise<string>((resolve, reject) => {
    admin.listen(0, '127.0.0.1', () => {
      const adminUrl = `http://127.0.0.1:${(admin.address() as AddressInfo).port}`;
      const addresses = Object.fromEntries(Object.entries(replicas).map(([name, of]) => [name, of.map(({ address }) => address)]));
      const module = new URL('../../../src/adapters/envoy/traffic-router.ts', import.meta.url).href;
      const code = `
        import { createEnvoyTrafficRouter } from ${JSON.stringify(module)};
        const [folder, adminUrl, addresses, route] = JSON.parse(process.argv[1]);
        const router = createEnvoyTrafficRouter({ folder, adminUrl, url: '', addressesOf: async (name) => addresses[name] });
        await router.shift(route, new AbortController().signal).then(() => console.log('done'), (error) => console.log(error.type));`;
      const args = JSON.stringify([envoy.folder, adminUrl, addresses, route]);
      const tsx = createRequire(import.meta.url).resolve('tsx');
      child = spawn(process.execPath, ['--import', tsx, '--input-type=module', '-e', code, args], { stdio: ['ignore', 'pipe', 'inherit'] });
      onTestFinished(() => void child?.kill('SIGKILL'));
      let words = '';
      child.stdout!.on('data', (bytes: Buffer) => (words += bytes.toString()));
      child.on('close', () => resolve(words.trim()));
      child.on('error', reject);
    });
  });
  let child: ReturnType<typeof spawn> | undefined;

  async function answer(path: string, response: { end(text: string): void }): Promise<void> {
    if (++requests === requestMax) {
      child!.kill('SIGSTOP');
      tellStopped();
      await released;
    }
    response.end(await (await fetch(`${envoy.adminUrl}${path}`)).text());
  }

  const goOn = (): Promise<string> => {
    child!.kill('SIGCONT');
    release();
    return ended;
  };
  return { stopped, goOn };
}
