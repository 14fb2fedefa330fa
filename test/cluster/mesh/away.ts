import { describe, expect, onTestFinished, test } from 'vitest';
import { ask, routeOf } from '../../contracts/traffic-router.js';
import type { TestIstio } from '../../servers/istio.js';
import { toChallenger, toChampion } from './mesh-traffic.js';
import { routers, taken, type MeshRoutes } from './routers.js';

const { signal } = new AbortController();
const first = routeOf('m', 1, toChampion);
const second = routeOf('m', 2, toChallenger);

/** A proxy goes on as it was told last; who asks for a change meanwhile is told so where the objects have a word for it. */
export function testControlPlaneAway(open: (name: keyof typeof routers) => Promise<MeshRoutes>, istio: () => TestIstio): void {
  describe('while the control plane is away', () => {
    test('nothing new is in force through a Gateway, and the same shift succeeds when it is back', async () => {
      const routes = await open('Gateway API');
      const { make } = routers['Gateway API'];
      const router = make(routes);
      await router.shift(first, signal);
      await taken(routes.adminUrl, first);
      await goAway(istio());
      const failing = make(routes, 1000).shift(second, signal);
      await expect(failing).rejects.toMatchObject({
        type: 'RouterUnavailable',
        message: expect.stringContaining('no gateway has said so'),
      });
      expect((await router.read('m'))?.inForce).toBeNull();
      expect((await ask(router.url, 'm')).headers.get('x-ratchet-version')).toBe('m-1');
      await istio().startAgain();
      await make(routes, 100_000).shift(second, signal);
      await taken(routes.adminUrl, second);
    });

    // The limit of what Istio's objects say: docs/how-to/route-on-kubernetes.md.
    test('a VirtualService counts as in force before any proxy knows of it, and proxies follow when it is back', async () => {
      const routes = await open('Istio');
      const router = routers.Istio.make(routes);
      await router.shift(first, signal);
      await taken(routes.adminUrl, first);
      await goAway(istio());
      await router.shift(second, signal);
      expect((await router.read('m'))?.inForce).toEqual({ splits: second.splits, mirror: null });
      expect((await ask(router.url, 'm')).headers.get('x-ratchet-version')).toBe('m-1');
      await istio().startAgain();
      await taken(routes.adminUrl, second);
    });
  });
}

/** Until it is started again, after the test at the latest: others need it. */
async function goAway(istio: TestIstio): Promise<void> {
  onTestFinished(() => istio.startAgain());
  await istio.kill();
}
