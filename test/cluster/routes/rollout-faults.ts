import { expect, test } from 'vitest';
import { routeOf } from '../../contracts/traffic-router.js';
import type { TestArgoRollouts } from '../../servers/argo-rollouts.js';
import type { openArgoRollouts } from './open-argo-rollouts.js';
import { champion, divided } from './rollout-ways.js';

const { signal } = new AbortController();
type Open = () => ReturnType<typeof openArgoRollouts>;

const MESH = 'networking.istio.io';

/** What people and bad days do to a Rollout. */
export function testRolloutFaults(open: Open, controller: () => TestArgoRollouts): void {
  test.for<[what: string, by: readonly string[], left: [instance: string, percent: number][]]>([
    ['aborted', ['--subresource=status', '--type=merge', '-p', '{"status":{"abort":true}}'], [['m-1', 100]]],
    ['promoted', ['--subresource=status', '--type=merge', '-p', '{"status":{"pauseConditions":null}}'], [['m-2', 100]]],
    [
      'given another weight',
      ['--type=json', '-p', '[{"op":"replace","path":"/spec/strategy/canary/steps","value":[{"setWeight":50},{"pause":{}}]}]'],
      [['m-2', 50], ['m-1', 50]], // prettier-ignore
    ],
  ])('a Rollout that somebody has %s is seen as such, and the next shift takes it back', async ([, by, left]) => {
    const { router, kubectl } = await open();
    const route = divided(2, 10);
    await router.shift(champion(1), signal);
    await router.shift(route, signal);
    await kubectl('patch', 'rollout', 'm', ...by);
    const splits = left.map(([instance, weightPercent]) => expect.objectContaining({ instance, weightPercent }));
    await expect
      .poll(() => router.read('m'), { timeout: 60_000 })
      .toEqual({ asked: route, inForce: { splits, mirror: null }, isHeld: false });
    await router.shift(route, signal);
    expect((await router.read('m'))?.inForce).toEqual({ splits: route.splits, mirror: null });
  });

  test('a weight in the mesh that somebody has changed is set back by the controller itself', async () => {
    const { router, edit } = await open();
    const route = divided(1, 10);
    await router.shift(route, signal);
    const weights = [0, 1].map((index) => ({ op: 'replace', path: `/spec/http/2/route/${index}/weight`, value: 50 }));
    await edit(MESH, 'virtualservices', 'm', weights);
    await expect.poll(async () => (await router.read('m'))?.inForce, { timeout: 60_000 }).toEqual({ splits: route.splits, mirror: null });
  });

  test('rules of the mesh that somebody has changed are nothing that we asked for, until the next shift', async () => {
    const { router, edit } = await open();
    const route = divided(1, 10);
    await router.shift(route, signal);
    await edit(MESH, 'virtualservices', 'm', [{ op: 'remove', path: '/spec/http/0' }]);
    await expect.poll(() => router.read('m')).toEqual({ asked: route, inForce: null, isHeld: false });
    await router.shift(route, signal);
    expect((await router.read('m'))?.inForce).toEqual({ splits: route.splits, mirror: null });
  });

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
    await expect(openAgain(3000).shift(route, signal)).rejects.toMatchObject({
      type: 'RouterUnavailable',
      message: expect.stringMatching(/within 3 s, found that Argo Rollouts says Progressing: /),
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

  test('a Rollout of the model’s name that is somebody else’s is left as it is', async () => {
    const { router, make, rollout } = await open();
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'm-1' };
    const theirs = { workloadRef, strategy: { canary: {} } };
    await make({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'm' }, spec: theirs });
    const { spec } = await rollout();
    await expect(router.shift(champion(1), signal)).rejects.toMatchObject({
      type: 'RouterRefused',
      message: expect.stringContaining('that we have not made'),
    });
    expect((await rollout()).spec).toEqual(spec);
  });
}
