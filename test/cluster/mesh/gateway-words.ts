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
  async function openWith(
    changed: Partial<HttpRouteSettings>,
    { settleMsMax = 20_000, ...edits }: Partial<RouteApi> & { settleMsMax?: number } = {},
  ) {
    const routes = await open();
    const api = { ...routes.api, ...edits };
    const settingsOf = ({ shift }: { shift: number }): HttpRouteSettings => (shift === 1 ? settings : { ...settings, ...changed });
    const router = createGatewayApiTrafficRouter({ api, url: routes.gatewayApiUrl, settingsOf, settleMsMax });
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
      await expect.poll(() => router.read('m')).toEqual({ asked: first, inForce: { splits: first.splits, mirror: null }, isHeld: false });
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

    test('says nothing of a route to a gateway that is not there, and nothing of it is in force', async () => {
      const { router } = await openWith({ gateway: { name: 'absent' } }, { settleMsMax: 1000 });
      const failing = router.shift(routeOf('m', 2, toChallenger), signal);
      await expect(failing).rejects.toMatchObject({
        type: 'RouterUnavailable',
        message: expect.stringContaining('no gateway has said so'),
      });
      expect((await router.read('m'))?.inForce).toBeNull();
    });
  });
}
