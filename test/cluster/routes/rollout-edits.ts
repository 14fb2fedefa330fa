import { expect, test } from 'vitest';
import type { openArgoRollouts } from './open-argo-rollouts.js';
import { champion, divided } from './rollout-ways.js';

const { signal } = new AbortController();
type Open = () => ReturnType<typeof openArgoRollouts>;

const MESH = 'networking.istio.io';

/** What people do to a Rollout by hand. */
export function testRolloutEdits(open: Open): void {
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

  test('a Rollout that somebody has deleted is made again, from the champion on', async () => {
    const { router, kubectl } = await open();
    const route = divided(1, 10);
    await router.shift(route, signal);
    await kubectl('delete', 'rollout', 'm', '--cascade=foreground');
    expect(await router.read('m')).toBeNull();
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
