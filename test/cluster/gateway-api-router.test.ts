import { beforeAll, describe, expect, inject, test } from 'vitest';
import { createGatewayApiTrafficRouter } from '../../src/adapters/gateway-api/traffic-router.js';
import { ask, describeTrafficRouter, routeOf } from '../contracts/traffic-router.js';
import { acceptGateway, startGatewayController } from './routes/gateway-controller.js';
import { installDefinitions } from './routes/install-definitions.js';
import { gateway } from './mesh/mesh-objects.js';
import { applyObjects, openRoutes } from './routes/open-routes.js';
import { startTestGateway } from './routes/test-gateway.js';
import { describeRouteObjects } from './routes/route-objects.js';

const kubernetes = inject('kubernetes');
const { signal } = new AbortController();

async function open() {
  const routes = await openRoutes('gateway-api', kubernetes!, 'gateway-api-rbac.yaml');
  await applyObjects(kubernetes!, [gateway('public', routes.namespace, 8080)]);
  await acceptGateway(routes, 'public');
  const controller = startGatewayController(routes);
  const url = await startTestGateway(controller.rules, async (service) => routes.addresses[service]!);
  const settings = { settingsOf: () => ({ gateway: { name: 'public' }, servicePort: 8080, armHeader: 'x-arm' }), settleMsMax: 20_000 };
  const router = createGatewayApiTrafficRouter({ api: routes.api, url, ...settings });
  return { ...routes, controller, url, settings, router, instances: ['m-1', 'm-2'] as const };
}

describe.skipIf(kubernetes === null)('HTTPRoutes in a real API server (skipped where no control plane was built)', () => {
  beforeAll(() => installDefinitions(kubernetes!, 'Gateway API'));

  describeTrafficRouter('Gateway API', open);
  describeRouteObjects({ group: 'gateway.networking.k8s.io', plural: 'httproutes', rules: '/spec/rules', backends: 'backendRefs' }, open);

  test('a route that the gateway refuses is told in its words, and the one before is put back', async () => {
    const { router, controller, url } = await open();
    const first = routeOf('m', 1, [['champion', 'm-1', 100]]);
    await router.shift(first, signal);
    controller.refuse('m-2');
    const second = routeOf('m', 2, [['champion', 'm-2', 100]]);
    await expect(router.shift(second, signal)).rejects.toMatchObject({
      type: 'RouterRefused',
      message: expect.stringMatching(/RefNotPermitted: the Service m-2/),
    });
    await expect.poll(() => router.read('m')).toEqual({ asked: first, inForce: { splits: first.splits, mirror: null }, isHeld: false });
    expect((await ask(url, 'm')).headers.get('x-ratchet-version')).toBe('m-1');
    await expect(router.shift(routeOf('other', 1, [['champion', 'm-2', 100]]), signal)).rejects.toMatchObject({ type: 'RouterRefused' });
    expect(await router.read('other')).toBeNull();
  });

  test('a gateway that is away has nothing in force, and the same shift succeeds when it is back', async () => {
    const { router, controller, api, url, settings, ...routes } = await open();
    controller.stop();
    const hasty = createGatewayApiTrafficRouter({ api, url, ...settings, settleMsMax: 500 });
    const route = routeOf('m', 1, [['champion', 'm-1', 100]]);
    await expect(hasty.shift(route, signal)).rejects.toMatchObject({
      type: 'RouterUnavailable',
      message: expect.stringContaining('no gateway has said so'),
    });
    expect(await router.read('m')).toEqual({ asked: route, inForce: null, isHeld: false });
    startGatewayController(routes);
    await router.shift(route, signal);
    expect((await router.read('m'))?.inForce).toEqual({ splits: route.splits, mirror: null });
  });

  test('a Gateway that no controller has looked at gets no route', async () => {
    const { router, setStatus } = await open();
    const pending = { type: 'Accepted', status: 'Unknown', reason: 'Pending', message: 'Waiting for controller' };
    await setStatus('gateway.networking.k8s.io', 'gateways', 'public', {
      conditions: [{ ...pending, lastTransitionTime: new Date(0).toISOString() }],
    });
    await expect(router.shift(routeOf('m', 1, [['champion', 'm-1', 100]]), signal)).rejects.toMatchObject({
      type: 'RouterUnavailable',
      message: expect.stringContaining('expected a controller that serves the Gateway public'),
    });
    expect(await router.read('m')).toBeNull();
  });

  test.for(['stickyBy', 'rateLimit', 'jwt'] as const)(
    'serving.%s, for which an HTTPRoute has no word, is refused by name',
    async (name) => {
      const { router } = await open();
      const values = { stickyBy: 'x-user', rateLimit: { requestsPerSecond: 1 }, jwt: { issuer: 'a', audiences: [], jwksFile: '/k' } };
      const settings = { [name]: values[name] };
      await expect(router.shift(routeOf('m', 1, [['champion', 'm-1', 100]], { settings }), signal)).rejects.toMatchObject({
        type: 'RouterRefused',
        message: expect.stringContaining(`serving.${name}`),
      });
      expect(await router.read('m')).toBeNull();
    },
  );
});
