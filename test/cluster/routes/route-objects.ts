import { describe, expect, test } from 'vitest';
import type { TrafficRouter } from '../../../src/ports/traffic-router.js';
import { ask, routeOf } from '../../contracts/traffic-router.js';
import type { RouteObject } from '../../../src/adapters/kubernetes/route-api.js';
import type { RoutesInTest } from './open-routes.js';

const { signal } = new AbortController();

interface Manager {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
}

type Open = () => Promise<RoutesInTest & { readonly router: TrafficRouter; readonly url: string }>;

/** What routes that are objects of Kubernetes keep out, whatever their kind. */
export function describeRouteFence({ group, plural }: { readonly group: string; readonly plural: string }, open: Open) {
  describe(`the fence in one of ${plural}`, () => {
    test('carries the number of its shift and what was asked for, written by our field manager', async () => {
      const { router, list } = await open();
      for (const shift of [1, 2]) await router.shift(routeOf('m', shift, [['champion', 'm-1', 100]]), signal);
      const [object] = await list<RouteObject & { metadata: { managedFields: Manager[] } }>(group, plural);
      const { metadata } = object!;
      expect(metadata.annotations).toMatchObject({ 'ratchet.dev/shift': '2' });
      expect(JSON.parse(metadata.annotations!['ratchet.dev/asked']!)).toMatchObject({ model: 'm', shift: 2 });
      const writers = metadata.managedFields.filter(({ subresource }) => subresource === undefined);
      expect(writers.map(({ manager, operation }) => `${manager} ${operation}`)).toContain('ratchet-traffic Apply');
    });

    test('is written by the newest of many shifts at once, and by none that is older', async () => {
      const { router } = await open();
      const routes = Array.from({ length: 8 }, (_, index) => routeOf('m', index + 1, [['champion', index % 2 ? 'm-1' : 'm-2', 100]]));
      const done = await Promise.allSettled(routes.map((route) => router.shift(route, signal)));
      for (const { reason } of done.filter((each) => each.status === 'rejected')) expect(reason).toMatchObject({ type: 'ShiftStale' });
      expect(done.at(-1)!.status).toBe('fulfilled');
      expect((await router.read('m'))?.asked.shift).toBe(8);
    });

    test('keeps a shift out that stood still while a newer one came', async () => {
      const { router, api } = await open();
      const { read } = api;
      await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]]), signal);
      const newer = routeOf('m', 3, [['champion', 'm-2', 100]]);
      // It has read the object, and before it writes a newer one is in force.
      let reads = 0;
      api.read = async (...place) => {
        const found = await read(...place);
        if (++reads === 1) await router.shift(newer, signal);
        return found;
      };
      await expect(router.shift(routeOf('m', 2, [['champion', 'm-1', 100]]), signal)).rejects.toMatchObject({ type: 'ShiftStale' });
      expect((await router.read('m'))?.asked).toEqual(newer);
    });
  });
}

/**
 * What routes that are objects of Kubernetes keep besides, whatever their kind.
 * @param kind `rules`: the JSON pointer of its list of rules; `backends`: the field of a rule with its weights
 */
export function describeRouteObjects(
  kind: { readonly group: string; readonly plural: string; readonly rules: string; readonly backends: string },
  open: Open,
) {
  describeRouteFence(kind, open);
  describe(`one of ${kind.plural}`, () => {
    test('that was edited by hand is seen as such, and the next shift takes it back', async () => {
      const { router, edit } = await open();
      const route = routeOf('m', 1, [
        ['champion', 'm-1', 90],
        ['challenger', 'm-2', 10],
      ]);
      await router.shift(route, signal);
      const halves = [0, 1].map((index) => ({ op: 'replace', path: `${kind.rules}/2/${kind.backends}/${index}/weight`, value: 50 }));
      await edit(kind.group, kind.plural, 'm', halves);
      const edited = route.splits.map((split) => ({ ...split, weightPercent: 50 }));
      await expect
        .poll(() => router.read('m'), { timeout: 20_000 })
        .toEqual({ asked: route, inForce: { splits: edited, mirror: null }, isHeld: false });
      await router.shift(route, signal);
      expect(await router.read('m')).toEqual({ asked: route, inForce: { splits: route.splits, mirror: null }, isHeld: false });
    });

    test('that has lost its annotations is taken back by the next shift; one that we have not made is left as it is', async () => {
      const { router, edit, list } = await open();
      const route = routeOf('m', 1, [['champion', 'm-1', 100]]);
      await router.shift(route, signal);
      const unsaid = { op: 'remove', path: '/metadata/annotations' };
      await edit(kind.group, kind.plural, 'm', [unsaid]);
      expect(await router.read('m')).toBeNull();
      await router.shift(route, signal);
      expect((await router.read('m'))?.asked).toEqual(route);
      await edit(kind.group, kind.plural, 'm', [unsaid, { op: 'remove', path: '/metadata/labels' }]);
      const [theirs] = await list<RouteObject>(kind.group, kind.plural);
      await expect(router.shift(routeOf('m', 2, [['champion', 'm-2', 100]]), signal)).rejects.toMatchObject({
        type: 'RouterRefused',
        message: expect.stringContaining('m but our own'),
      });
      expect((await list<RouteObject>(kind.group, kind.plural))[0]!.spec).toEqual(theirs!.spec);
    });

    test('whose rules were changed otherwise by hand does nothing that we asked for', async () => {
      const { router, edit } = await open();
      const route = routeOf('m', 1, [['champion', 'm-1', 100]]);
      await router.shift(route, signal);
      await edit(kind.group, kind.plural, 'm', [{ op: 'remove', path: `${kind.rules}/0` }]);
      await expect.poll(() => router.read('m'), { timeout: 20_000 }).toEqual({ asked: route, inForce: null, isHeld: false });
      await router.shift(route, signal);
      expect((await router.read('m'))?.inForce).toEqual({ splits: route.splits, mirror: null });
    });

    test('sends who names an arm in a header there, and a copy of everybody else’s requests to the mirror', async () => {
      const { router, url, replicas } = await open();
      await router.shift(
        routeOf('m', 1, [
          ['champion', 'm-1', 99],
          ['challenger', 'm-2', 1],
        ]),
        signal,
      );
      for (let times = 0; times < 5; times++) {
        const answer = await ask(url, 'm', { 'x-arm': 'challenger' });
        expect([answer.headers.get('x-ratchet-version'), answer.headers.get('x-ratchet-arm')]).toEqual(['m-2', 'challenger']);
      }
      await router.shift(routeOf('m', 2, [['champion', 'm-1', 100]], { mirror: { arm: 'challenger', instance: 'm-2' } }), signal);
      const before = replicas['m-2'].asked.length;
      expect((await ask(url, 'm')).headers.get('x-ratchet-version')).toBe('m-1');
      await expect.poll(() => replicas['m-2'].asked.length).toBe(before + 1);
    });
  });
}
