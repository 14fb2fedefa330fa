import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { ask, routeOf } from '../../contracts/traffic-router.js';
import { startRoutedModels } from '../../servers/routed-models.js';
import { startSteadyCallers } from '../../traffic/steady-callers.js';
import type { SteadyCallers } from '../../traffic/steady-callers.js';

const signal = AbortSignal.timeout(100_000);
const answers = ({ answered }: SteadyCallers): number => [...answered.values()].reduce((sum, count) => sum + count, 0);

/** Returns after so many more answers. */
async function more(callers: SteadyCallers, count: number): Promise<void> {
  const until = answers(callers) + count;
  while (answers(callers) < until && callers.failures.length === 0) await sleep(5, undefined, { signal });
}

test('16 callers lose no request while weights go 10, 50, 100, 0', async () => {
  const { router, envoy } = await startRoutedModels({ 'm-1': 2, 'm-2': 2 });
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]]), signal);
  const callers = startSteadyCallers({ url: `${envoy.url}/v2/models/m/infer`, callers: 16 });
  await more(callers, 500);
  expect([...callers.answered.keys()]).toEqual(['m-1']);
  for (const [at, weight] of [10, 50].entries()) {
    await router.shift(routeOf('m', 2 + at, [['champion', 'm-1', 100 - weight], ['challenger', 'm-2', weight]]), signal); // prettier-ignore
    await more(callers, 500);
  }
  await router.shift(routeOf('m', 4, [['challenger', 'm-2', 100]]), signal);
  await more(callers, 500);
  await router.shift(routeOf('m', 5, [['champion', 'm-1', 100]]), signal);
  await more(callers, 500);
  await callers.stop();
  expect(callers.failures).toEqual([]);
  expect(callers.answered.get('m-2')).toBeGreaterThan(500);
});

test('a replica that is killed costs no request but those that it was answering, where another one lives', async () => {
  const { router, envoy, replicas } = await startRoutedModels({ 'm-1': 2 });
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]]), signal);
  const callers = startSteadyCallers({ url: `${envoy.url}/v2/models/m/infer`, callers: 16 });
  await more(callers, 200);
  await replicas['m-1']![0]!.kill();
  const during = callers.failures.length;
  const until = answers(callers) + 1000;
  while (answers(callers) < until) await sleep(5, undefined, { signal });
  await callers.stop();
  expect(callers.failures.length - during).toBeLessThanOrEqual(16);

  const later = startSteadyCallers({ url: `${envoy.url}/v2/models/m/infer`, callers: 16 });
  await more(later, 1000);
  await later.stop();
  expect(later.failures).toEqual([]);
});

test('servers are told who asks where callers stay with a version, and copies too; nobody else may say so', async () => {
  const { router, envoy, replicas } = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
  const asked = (name: string) => replicas[name]![0]!.asked.map(({ key }) => key);
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]]), signal);
  await ask(envoy.url, 'm', { 'x-caller': 'ann', 'x-ratchet-key': 'forged' });
  const mirror = { arm: 'challenger', instance: 'm-2' } as const;
  await router.shift(routeOf('m', 2, [['champion', 'm-1', 100]], { settings: { stickyBy: 'x-caller' }, mirror }), signal);
  await ask(envoy.url, 'm', { 'x-caller': 'ann', 'x-ratchet-key': 'forged' });
  await ask(envoy.url, 'm', { 'x-ratchet-key': 'forged' });
  expect(asked('m-1')).toEqual([undefined, 'ann', undefined]);
  await vi.waitFor(() => expect(asked('m-2')).toEqual(['ann', undefined]), { timeout: 20_000 });
});

test('a caller stays with one version while the weights stay, and when the challenger gets more', async () => {
  const { router, envoy } = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
  const settings = { stickyBy: 'x-caller' };
  const versions = async () => {
    const found = new Map<string, Set<string | null>>();
    for (let asked = 0; asked < 300; asked++) {
      const caller = `caller-${asked % 100}`;
      const { headers } = await ask(envoy.url, 'm', { 'x-caller': caller });
      found.set(caller, (found.get(caller) ?? new Set()).add(headers.get('x-ratchet-version')));
    }
    return found;
  };
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 80], ['challenger', 'm-2', 20]], { settings }), signal); // prettier-ignore
  const before = await versions();
  expect([...before.values()].every(({ size }) => size === 1)).toBe(true);
  const moved = [...before].filter(([, found]) => found.has('m-2')).map(([caller]) => caller);
  expect(moved.length).toBeGreaterThan(4);
  expect(moved.length).toBeLessThan(45);

  await router.shift(routeOf('m', 2, [['champion', 'm-1', 50], ['challenger', 'm-2', 50]], { settings }), signal); // prettier-ignore
  const after = await versions();
  const unnamed = await Promise.all(Array.from({ length: 60 }, async () => (await ask(envoy.url, 'm')).headers.get('x-ratchet-version')));
  expect(new Set(unnamed)).toEqual(new Set(['m-1', 'm-2'])); // without the header each request is drawn anew
  expect(moved.filter((caller) => !after.get(caller)!.has('m-2'))).toEqual([]);
});

test('a mirror gets a copy of every request under its own arm, and its answers go nowhere', async () => {
  const { router, envoy, replicas } = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
  replicas['m-2']![0]!.answer = 500;
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]], { mirror: { arm: 'challenger', instance: 'm-2' } }), signal);
  for (let asked = 0; asked < 20; asked++) {
    const { status, headers } = await ask(envoy.url, 'm', { 'x-request-id': `id-${asked}` });
    expect([status, headers.get('x-ratchet-version'), headers.get('x-ratchet-arm')]).toEqual([200, 'm-1', 'champion']);
  }
  const [real, copies] = [replicas['m-1']![0]!.asked, replicas['m-2']![0]!.asked];
  await vi.waitFor(() => expect(copies).toHaveLength(20), { timeout: 20_000 });
  expect(new Set(copies.map(({ arm }) => arm))).toEqual(new Set(['challenger']));
  expect(new Set(copies.map(({ requestId }) => requestId))).toEqual(new Set(real.map(({ requestId }) => requestId)));
  expect(real[7]).toEqual({ path: '/v2/models/m/infer', arm: 'champion', requestId: 'id-7' });
});
