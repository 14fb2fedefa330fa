import { expect } from 'vitest';
import { createGatewayApiTrafficRouter } from '../../../src/adapters/gateway-api/traffic-router.js';
import { createIstioTrafficRouter } from '../../../src/adapters/istio/traffic-router.js';
import type { Route } from '../../../src/domain/serving.js';
import type { TrafficRouter } from '../../../src/ports/traffic-router.js';
import type { openMeshRoutes } from './open-mesh.js';
import { routeInProxy, type ProxyRoute } from './proxy-routes.js';

export type MeshRoutes = Awaited<ReturnType<typeof openMeshRoutes>>;

/** What the worker of a kind of router may do, and how it is made before the gateway of a test. */
export const routers = {
  'Gateway API': {
    rights: 'gateway-api-rbac.yaml',
    make({ api, gatewayApiUrl: url }: MeshRoutes, settleMsMax = 20_000): TrafficRouter {
      const settings = { gateway: { name: 'public' }, servicePort: 8080, armHeader: 'x-arm' };
      return createGatewayApiTrafficRouter({ api, url, settingsOf: () => settings, settleMsMax });
    },
  },
  Istio: {
    rights: 'istio-rbac.yaml',
    make({ api, istioUrl: url, namespace }: MeshRoutes): TrafficRouter {
      const settings = { gateways: [`${namespace}/public`], hosts: ['*'], namespace, servicePort: 8080, armHeader: 'x-arm' };
      return createIstioTrafficRouter({ api, url, settingsOf: () => settings });
    },
  },
} as const;

/** What a proxy does where it does what a route asks for. */
function inProxy({ splits, mirror }: Route): ProxyRoute {
  return {
    weights: Object.fromEntries(splits.map(({ instance, weightPercent }) => [instance, weightPercent])),
    mirrors: mirror ? [mirror.instance] : [],
  };
}

/**
 * The same router, whose shifts wait besides until the proxy has taken them: a control plane says so a moment before its
 * proxies do so.
 */
export function untilTaken(router: TrafficRouter, { adminUrl }: Pick<MeshRoutes, 'adminUrl'>): TrafficRouter {
  return {
    ...router,
    async shift(route, signal) {
      await router.shift(route, signal);
      await taken(adminUrl, route);
    },
  };
}

export async function taken(adminUrl: string, route: Route): Promise<void> {
  await expect.poll(() => routeInProxy(adminUrl, route.model), { timeout: 60_000, interval: 20 }).toEqual(inProxy(route));
}
