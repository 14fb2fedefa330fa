import { describe, expect, test } from 'vitest';
import type { HttpRouteSettings } from '../../../src/adapters/gateway-api/http-route.js';
import { createGatewayApiTrafficRouter } from '../../../src/adapters/gateway-api/traffic-router.js';
import type { RouteApi } from '../../../src/adapters/kubernetes/route-api.js';
import { ask, routeOf } from '../../contracts/traffic-router.js';
import { toChallenger, toChampion } from './mesh-traffic.js';
import { taken, type MeshRoutes } from './routers.js';

const { signal } = new AbortController();
const settings: HttpRouteSettings = { gateway: { name: 'public' }, servicePort: 8080 };
const first = routeOf('m', 1, toChampion);

/** What the real controller of a Gateway says of routes, and what becomes of them. */
export function testGatewayWords(open: () => Promise<MeshRoutes>): void {
  /** The first shift is as it should be, a later one as `changed` says. */
  async function openWith(changed: Partial<HttpRouteSettings>, edits: Partial<RouteApi> = {}) {
    const routes = await open();
    const router = createGatewayApiTrafficRouter({
      api: { ...routes.api, ...edits },
      url: routes.gatewayApiUrl,
      settingsOf: ({ shift }) => (shift === 2 ? { ...settings, ...changed } : settings),
      settleMsMax: 20_000,
    });
    await router.shift(first, signal);
    await taken(routes.adminUrl, first);
    return { ...routes, router };
  }

  describe('the real controller of a gateway', () => {
    test.for<[name: string, gateway: HttpRouteSettings['gateway'], words: RegExp]>([
      ['has no such listener', { name: 'public', sectionName: 'nobody' }, /NoMatchingParent: .*nobody/],
      ['does not let the namespace in', { name: 'closed' }, /NotAllowedByListeners: /],
    ])('that %s is told in its words, and the route before is in force again', async ([, gateway, words]) => {
      const { router, adminUrl, addClosedGateway } = await openWith({ gateway });
      await addClosedGateway('closed');
      const failing = router.shift(routeOf('m', 2, toChallenger), signal);
      await expect(failing).rejects.toMatchObject({ type: 'RouterRefused', message: expect.stringMatching(words) });
      await expect
        .poll(() => router.read('m'), { timeout: 20_000 })
        .toEqual({ asked: first, inForce: { splits: first.splits, mirror: null }, isHeld: false });
      await taken(adminUrl, first);
    });

    test('that finds no Service is told in its words, and the route before is in force again', async () => {
      // It is gone between our look and its.
      const readService = async () => ({ uid: '', labels: {}, selector: {} });
      const { router, adminUrl, gatewayApiUrl } = await openWith({}, { readService });
      const failing = router.shift(routeOf('m', 2, [['challenger', 'nobody', 100]]), signal);
      await expect(failing).rejects.toMatchObject({ type: 'RouterRefused', message: expect.stringMatching(/BackendNotFound: .*nobody/) });
      await taken(adminUrl, first);
      expect((await ask(gatewayApiUrl, 'm')).headers.get('x-ratchet-version')).toBe('m-1');
    });

    test('is not asked about a gateway that is not there: nothing is changed, and the next shift is taken', async () => {
      const { router, adminUrl, gatewayApiUrl } = await openWith({ gateway: { name: 'absent' } });
      await expect(router.shift(routeOf('m', 2, toChallenger), signal)).rejects.toMatchObject({
        type: 'RouterUnavailable',
        message: expect.stringContaining('expected the Gateway absent of its model file, found none'),
      });
      expect(await router.read('m')).toEqual({ asked: first, inForce: { splits: first.splits, mirror: null }, isHeld: false });
      expect((await ask(gatewayApiUrl, 'm')).headers.get('x-ratchet-version')).toBe('m-1');
      const third = routeOf('m', 3, toChallenger);
      await router.shift(third, signal);
      await taken(adminUrl, third);
    });

    test('is not asked about a gateway of a class that nobody serves: nothing is changed', async () => {
      const { router, adminUrl, addGatewayOfNobody } = await openWith({ gateway: { name: 'nobodys' } });
      await addGatewayOfNobody('nobodys');
      await expect(router.shift(routeOf('m', 2, toChallenger), signal)).rejects.toMatchObject({
        type: 'RouterUnavailable',
        message: expect.stringContaining('expected a controller that serves the Gateway nobodys, found that none has looked at it'),
      });
      expect(await router.read('m')).toEqual({ asked: first, inForce: { splits: first.splits, mirror: null }, isHeld: false });
      await taken(adminUrl, first);
    });
  });
}
