import { describe, expect, test } from 'vitest';
import type { TrafficRouter } from '../../../src/ports/traffic-router.js';
import { ask, routeOf } from '../../contracts/traffic-router.js';
import { startModelReplica } from '../../servers/model-replica.js';
import { toChampion } from './mesh-traffic.js';
import type { MeshRoutes } from './routers.js';

const { signal } = new AbortController();

/** What a real proxy makes of a DestinationRule of ours. */
export function testInstanceLimits(open: () => Promise<MeshRoutes & { readonly router: TrafficRouter }>): void {
  describe('the limits of an instance on Istio', () => {
    test('leave out a replica that answers with errors, and ask it again later', async () => {
      const { router, replicas, addReplica } = await open();
      const sound = await startModelReplica('m-1');
      await addReplica('m-1', 'm-1-b', sound);
      await router.shift(routeOf('m', 1, toChampion, { settings: { outlier: { consecutiveErrors: 3, ejectSeconds: 2 } } }), signal);
      await expect.poll(async () => (await ask(router.url, 'm')) && sound.asked.length, { timeout: 20_000 }).toBeGreaterThan(0); // both are known
      replicas['m-1'].answer = 500;
      await expect.poll(() => statuses(router.url, 30), { timeout: 20_000 }).toEqual([200]);
      replicas['m-1'].answer = 200;
      const before = replicas['m-1'].asked.length;
      await expect
        .poll(async () => (await ask(router.url, 'm')) && replicas['m-1'].asked.length, { timeout: 30_000 })
        .toBeGreaterThan(before);
    });

    test('leave the only replica in, whatever it answers', async () => {
      const { router, replicas } = await open();
      await router.shift(routeOf('m', 1, toChampion, { settings: { outlier: { consecutiveErrors: 3, ejectSeconds: 60 } } }), signal);
      replicas['m-1'].answer = 500;
      await statuses(router.url, 50);
      replicas['m-1'].answer = 200;
      expect(await statuses(router.url, 10)).toEqual([200]);
    });

    test('refuse at once what is more than concurrentRequestsMax', async () => {
      const { router, replicas } = await open();
      await router.shift(routeOf('m', 1, toChampion, { settings: { concurrentRequestsMax: 3 } }), signal);
      replicas['m-1'].delayMs = 8000;
      const asked = await Promise.all(Array.from({ length: 12 }, async () => (await ask(router.url, 'm')).status));
      expect(asked.filter((status) => status === 200)).toHaveLength(3);
      expect(asked.filter((status) => status === 503)).toHaveLength(9);
    });
  });
}

/** Of so many requests, one after another: each status once. */
async function statuses(url: string, requests: number): Promise<number[]> {
  const found = new Set<number>();
  for (let times = 0; times < requests; times++) found.add((await ask(url, 'm')).status);
  return [...found];
}
