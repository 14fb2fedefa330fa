import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Route } from '../../../src/domain/serving.js';
import { ask, routeOf } from '../../contracts/traffic-router.js';
import type { openArgoRollouts } from './open-argo-rollouts.js';

const { signal } = new AbortController();
type Open = () => ReturnType<typeof openArgoRollouts>;

export const champion = (shift: number, instance = 'm-1'): Route => routeOf('m', shift, [['champion', instance, 100]]);
export const divided = (shift: number, percent: number): Route =>
  routeOf('m', shift, [
    ['challenger', 'm-2', percent],
    ['champion', 'm-1', 100 - percent],
  ]);

/** How a Rollout follows a model from its first version over a challenger to the next champion, and back. */
export function testRolloutWays(open: Open): void {
  test('a challenger that is promoted has all requests from then on, and becomes the stable version after its bake', async () => {
    const { router, url, rollout, kubectl } = await open();
    await router.shift(champion(1), signal);
    await router.shift(divided(2, 5), signal);
    const baking = routeOf('m', 3, [['challenger', 'm-2', 100]]);
    await router.shift(baking, signal);
    expect(await router.read('m')).toEqual({ asked: baking, inForce: { splits: baking.splits, mirror: null }, isHeld: false });
    const told = await ask(url, 'm');
    expect([told.headers.get('x-ratchet-version'), told.headers.get('x-ratchet-arm')]).toEqual(['m-2', 'challenger']);
    const { status } = await rollout();
    expect(status.phase).toBe('Paused');
    expect(status.currentPodHash).not.toBe(status.stableRS);

    const done = { isDone: false };
    const answers = answersUntil(done, url);
    await router.shift(champion(4, 'm-2'), signal);
    await expect.poll(async () => (await rollout()).status.phase, { timeout: 60_000 }).toBe('Healthy');
    done.isDone = true;
    expect([...new Set(await answers)]).toEqual(['m-2']);
    expect((await rollout()).status.stableRS).toBe((await rollout()).status.currentPodHash);
    expect((await router.read('m'))?.inForce).toEqual({ splits: champion(4, 'm-2').splits, mirror: null });
    expect((await ask(url, 'm')).headers.get('x-ratchet-arm')).toBe('champion');
    expect(await kubectl('get', 'deployments', '-o', 'jsonpath={.items[*].spec.replicas}')).toBe('1 1 1'); // never ours to scale
  });

  test('turning back needs no new pod and no rest of the way, also from all requests', async () => {
    const { router, url, rollout, kubectl } = await open();
    await kubectl('scale', 'deployment', 'm-1', '--replicas=2');
    await router.shift(champion(1), signal);
    await router.shift(routeOf('m', 2, [['challenger', 'm-2', 100]]), signal);
    const podsOfStable = async () =>
      kubectl('get', 'pods', '-l', `rollouts-pod-template-hash=${(await rollout()).status.stableRS}`, '-o', 'name');
    const before = await podsOfStable();
    expect(before.trim().split('\n')).toHaveLength(2);
    await router.shift(champion(3), signal);
    expect((await ask(url, 'm')).headers.get('x-ratchet-version')).toBe('m-1');
    expect(await podsOfStable()).toBe(before);
  });

  test('a greater weight never begins with a smaller one, though new pods start for it', async () => {
    const { router, list, kubectl } = await open();
    for (const name of ['m-1', 'm-2']) await kubectl('scale', 'deployment', name, '--replicas=4');
    await router.shift(champion(1), signal);
    await router.shift(divided(2, 25), signal);
    const seen = new Set<number>();
    let isDone = false;
    const looking = (async () => {
      while (!isDone) {
        const [mesh] = await list<{ spec: { http: { route: { weight: number }[] }[] } }>('networking.istio.io', 'virtualservices');
        seen.add(mesh!.spec.http.at(-1)!.route[1]!.weight);
        await sleep(50);
      }
    })();
    await router.shift(divided(3, 75), signal);
    isDone = true;
    await looking;
    expect(Math.min(...seen)).toBe(25);
  });

  test('who names an arm in a header gets there, whatever the weights', async () => {
    const { router, url } = await open();
    await router.shift(divided(1, 1), signal);
    for (let times = 0; times < 5; times++) {
      const answer = await ask(url, 'm', { 'x-arm': 'challenger' });
      expect([answer.headers.get('x-ratchet-version'), answer.headers.get('x-ratchet-arm')]).toEqual(['m-2', 'challenger']);
    }
  });
}

async function answersUntil(done: { isDone: boolean }, url: string): Promise<string[]> {
  const answers: string[] = [];
  while (!done.isDone) answers.push((await ask(url, 'm')).headers.get('x-ratchet-version') ?? 'none');
  return answers;
}
