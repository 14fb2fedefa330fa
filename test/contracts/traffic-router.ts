import { describe, expect, test } from 'vitest';
import type { Route } from '../../src/domain/serving.js';
import type { TrafficRouter } from '../../src/ports/traffic-router.js';

export interface RouterUnderTest {
  readonly router: TrafficRouter;
  /** Instances that answer: with which header do they tell their name. */
  readonly instances: readonly [string, string];
  /** One of model `m-2`, where an instance is of one model alone. */
  readonly other?: string;
}

interface Words {
  readonly canHold?: boolean;
  readonly canMirror?: boolean;
}

type Splits = readonly (readonly [Route['splits'][number]['arm'], string, number])[];

/** A route with settings that never bite. */
export function routeOf(
  model: string,
  shift: number,
  splits: Splits,
  changes: Partial<Omit<Route, 'settings'>> & { settings?: object } = {},
): Route {
  return {
    model,
    shift,
    splits: splits.map(([arm, instance, weightPercent]) => ({ arm, instance, weightPercent })),
    mirror: null,
    ...changes,
    settings: {
      timeoutMs: 60_000,
      concurrentRequestsMax: 1024,
      outlier: { consecutiveErrors: 5, ejectSeconds: 10 },
      ...changes.settings,
    },
  };
}

/** One question as a caller asks it. */
export async function ask(url: string, model: string, headers: Record<string, string> = {}): Promise<Response> {
  const body = JSON.stringify({ inputs: [] });
  const response = await fetch(`${url}/v2/models/${model}/infer`, { method: 'POST', body, headers });
  await response.arrayBuffer();
  return response;
}

/** What every traffic router keeps. `open` gives one without routes, before two instances that answer. */
export function describeTrafficRouter(
  name: string,
  open: () => Promise<RouterUnderTest>,
  { canHold = false, canMirror = true }: Words = {},
) {
  describe(`${name} traffic router`, () => {
    const { signal } = new AbortController();

    test('knows nothing of a model that was never routed', async () => {
      const { router } = await open();
      expect(await router.read('m')).toBeNull();
      expect((await ask(router.url, 'm')).status).toBe(404);
    });

    test('has a route in force when it has answered, and reads it back', async () => {
      const {
        router,
        instances: [a, b],
      } = await open();
      const first = routeOf('m', 1, [['champion', a, 100]]);
      await router.shift(first, signal);
      expect((await ask(router.url, 'm')).headers.get('x-ratchet-version')).toBe(a);
      expect(await router.read('m')).toEqual({ asked: first, inForce: { splits: first.splits, mirror: null }, isHeld: false });

      const mirror = canMirror ? ({ arm: 'challenger', instance: a } as const) : null;
      const second = routeOf('m', 2, [['champion', b, 100]], { mirror });
      await router.shift(second, signal);
      expect((await ask(router.url, 'm')).headers.get('x-ratchet-version')).toBe(b);
      expect((await router.read('m'))?.inForce).toEqual({ splits: second.splits, mirror: second.mirror });
    });

    test('divides requests between versions as the weights say', async () => {
      const {
        router,
        instances: [a, b],
      } = await open();
      await router.shift(
        routeOf('m', 1, [
          ['champion', a, 70],
          ['challenger', b, 30],
        ]),
        signal,
      );
      const versions = await Promise.all(
        Array.from({ length: 400 }, async () => (await ask(router.url, 'm')).headers.get('x-ratchet-version')),
      );
      const share = versions.filter((version) => version === b).length / 400;
      expect(share).toBeGreaterThan(0.15); // 6.5 standard deviations
      expect(share).toBeLessThan(0.45);
    });

    test('takes the same shift again, and refuses an older one or another route under its number', async () => {
      const {
        router,
        instances: [a, b],
      } = await open();
      const route = routeOf('m', 5, [['champion', a, 100]]);
      for (let times = 0; times < 2; times++) await router.shift(route, signal);
      const other: Splits = [['champion', b, 100]];
      await expect(router.shift(routeOf('m', 4, other), signal)).rejects.toMatchObject({ type: 'ShiftStale' });
      await expect(router.shift(routeOf('m', 5, other), signal)).rejects.toMatchObject({ type: 'ShiftStale' });
      expect((await router.read('m'))?.inForce?.splits).toEqual(route.splits);
    });

    test.runIf(canHold)(
      'refuses all requests while it is held, whatever is shifted meanwhile, and answers as asked last afterwards',
      async () => {
        const {
          router,
          instances: [a, b],
        } = await open();
        await router.hold('m', true, signal); // before it has a route
        const first = routeOf('m', 1, [['champion', a, 100]]);
        await router.shift(first, signal);
        await router.shift(routeOf('other', 1, [['champion', b, 100]]), signal);
        expect((await ask(router.url, 'm')).status).toBe(503);
        expect(await router.read('m')).toEqual({ asked: first, inForce: { splits: first.splits, mirror: null }, isHeld: true });
        const second = routeOf('m', 2, [['champion', b, 100]], { mirror: { arm: 'challenger', instance: a } });
        await router.shift(second, signal);
        await router.hold('m', true, signal);
        const refused = await ask(router.url, 'm');
        expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '60']);
        expect(await router.read('m')).toEqual({ asked: second, inForce: { splits: second.splits, mirror: second.mirror }, isHeld: true });
        expect((await ask(router.url, 'other')).status).toBe(200);
        for (let times = 0; times < 2; times++) await router.hold('m', false, signal);
        expect((await ask(router.url, 'm')).headers.get('x-ratchet-version')).toBe(b);
        expect((await router.read('m'))?.isHeld).toBe(false);
      },
    );

    test.skipIf(canHold)('says that it has no word for refusing all requests, and changes nothing', async () => {
      const {
        router,
        instances: [a],
      } = await open();
      await router.shift(routeOf('m', 1, [['champion', a, 100]]), signal);
      await expect(router.hold('m', true, signal)).rejects.toMatchObject({ type: 'RouterRefused' });
      await router.hold('m', false, signal);
      expect((await router.read('m'))?.isHeld).toBe(false);
      expect((await ask(router.url, 'm')).headers.get('x-ratchet-version')).toBe(a);
    });

    test.skipIf(canMirror)('says that it has no word for copies, and changes nothing', async () => {
      const {
        router,
        instances: [a, b],
      } = await open();
      const route = routeOf('m', 1, [['champion', a, 100]]);
      await router.shift(route, signal);
      const copied = { ...route, shift: 2, mirror: { arm: 'challenger' as const, instance: b } };
      await expect(router.shift(copied, signal)).rejects.toMatchObject({ type: 'RouterRefused' });
      expect(await router.read('m')).toEqual({ asked: route, inForce: { splits: route.splits, mirror: null }, isHeld: false });
    });

    test('keeps models apart, also where one name begins with the other', async () => {
      const {
        router,
        instances: [a, b],
        other = b,
      } = await open();
      await router.shift(routeOf('m', 1, [['champion', a, 100]]), signal);
      expect((await ask(router.url, 'm-2')).status).toBe(404);
      await router.shift(routeOf('m-2', 1, [['champion', other, 100]]), signal);
      expect((await ask(router.url, 'm')).headers.get('x-ratchet-version')).toBe(a);
      expect((await ask(router.url, 'm-2')).headers.get('x-ratchet-version')).toBe(other);
    });

    test('refuses weights that do not sum to 100', async () => {
      const {
        router,
        instances: [a],
      } = await open();
      const failing = router.shift(routeOf('m', 1, [['champion', a, 90]]), signal);
      await expect(failing).rejects.toMatchObject({ type: 'RouterRefused', message: expect.stringContaining('90') });
      expect(await router.read('m')).toBeNull();
    });

    test('names the instance that it cannot find', async () => {
      const { router } = await open();
      const failing = router.shift(routeOf('m', 1, [['champion', 'nobody', 100]]), signal);
      await expect(failing).rejects.toMatchObject({ type: 'RouterUnavailable', message: expect.stringContaining('nobody') });
    });
  });
}
