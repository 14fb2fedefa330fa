import { expect, test } from 'vitest';
import { routeOf } from '../../contracts/traffic-router.js';
import type { TestArgoRollouts } from '../../servers/argo-rollouts.js';
import type { openArgoRollouts } from './open-argo-rollouts.js';
import { champion, divided } from './rollout-ways.js';

const { signal } = new AbortController();
type Open = () => ReturnType<typeof openArgoRollouts>;

/** What bad days do to a Rollout. */
export function testRolloutFaults(open: Open, controller: () => TestArgoRollouts): void {
  test('a spec that the controller calls invalid is told in its words, and the route before is put back', async () => {
    const { router } = await open();
    await router.shift(champion(1), signal);
    const foreign = routeOf('m', 2, [['champion', 'm-2-7', 100]]); // its pods are of another model
    await expect(router.shift(foreign, signal)).rejects.toMatchObject({
      type: 'RouterRefused',
      message: expect.stringMatching(/Argo Rollouts says InvalidSpec: The Rollout "m" is invalid: .*ratchet\.dev\/model/),
    });
    await expect
      .poll(() => router.read('m'), { timeout: 60_000 })
      .toEqual({ asked: champion(1), inForce: { splits: champion(1).splits, mirror: null }, isHeld: false });
    const first = routeOf('other', 1, [['champion', 'm-2-7', 100]]);
    await expect(router.shift(first, signal)).rejects.toMatchObject({ type: 'RouterRefused' });
    expect(await router.read('other')).toBeNull();
  });

  test('a version whose pods do not start gets no request, and an abort meanwhile is told in the controller’s words', async () => {
    const { router, open: openAgain, kubectl } = await open();
    await router.shift(champion(1), signal);
    const broken =
      '{"spec":{"template":{"spec":{"containers":[{"name":"server","env":[{"name":"KWOK_FATE","value":"ImagePullBackOff"}]}]}}}}';
    await kubectl('patch', 'deployment', 'm-2', '-p', broken);
    const abortOnceAsked = async (): Promise<string> => {
      await expect.poll(async () => (await router.read('m'))?.asked.shift, { timeout: 60_000 }).toBe(2);
      return kubectl('patch', 'rollout', 'm', '--subresource=status', '--type=merge', '-p', '{"status":{"abort":true}}');
    };
    const [shifted] = await Promise.allSettled([router.shift(divided(2, 10), signal), abortOnceAsked()]);
    expect(shifted).toMatchObject({
      status: 'rejected',
      reason: { type: 'RouterRefused', message: expect.stringMatching(/Degraded: RolloutAborted/) },
    });
    const inForce = { splits: champion(1).splits, mirror: null };
    await expect.poll(() => router.read('m'), { timeout: 60_000 }).toEqual({ asked: champion(1), inForce, isHeld: false });
    const route = divided(3, 10);
    await expect(openAgain(20_000).shift(route, signal)).rejects.toMatchObject({
      type: 'RouterUnavailable',
      message: expect.stringMatching(/within 20 s, found that Argo Rollouts says Progressing: /),
    });
    expect(await router.read('m')).toEqual({ asked: route, inForce, isHeld: false });
  });

  test('while the controller is away nothing is in force that it has not seen, and the same shift succeeds when it is back', async () => {
    const { router, open: openAgain } = await open();
    await router.shift(champion(1), signal);
    await controller().kill();
    const route = divided(2, 10);
    try {
      await expect(openAgain(500).shift(route, signal)).rejects.toMatchObject({
        type: 'RouterUnavailable',
        message: expect.stringContaining('the controller of Argo Rollouts has not looked at it'),
      });
      expect(await router.read('m')).toEqual({ asked: route, inForce: null, isHeld: false });
    } finally {
      await controller().startAgain();
    }
    await router.shift(route, signal);
    expect((await router.read('m'))?.inForce).toEqual({ splits: route.splits, mirror: null });
  });

  test.for([
    ['just before it writes', 'before'],
    ['just after it has written', 'after'],
  ] as const)('a worker that dies %s leaves a shift that the next one finishes', async ([, moment]) => {
    const { router, api, open: openAgain } = await open();
    await router.shift(champion(1), signal);
    const { apply } = api;
    api.apply = async (kind, object) => {
      if (kind.kind !== 'Rollout') return apply(kind, object);
      if (moment === 'after') await apply(kind, object);
      throw new Error('it died');
    };
    const route = divided(2, 10);
    await expect(router.shift(route, signal)).rejects.toThrow('it died');
    expect((await router.read('m'))?.asked.shift).toBe(moment === 'after' ? 2 : 1);
    api.apply = apply;
    await openAgain().shift(route, signal);
    expect((await router.read('m'))?.inForce).toEqual({ splits: route.splits, mirror: null });
  });
}
