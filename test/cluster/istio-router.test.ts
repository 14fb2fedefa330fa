import { beforeAll, describe, expect, inject, test } from 'vitest';
import { createIstioTrafficRouter } from '../../src/adapters/istio/traffic-router.js';
import { describeTrafficRouter, routeOf } from '../contracts/traffic-router.js';
import { createKubectl } from '../servers/kubectl.js';
import { istioGateway } from './mesh/mesh-objects.js';
import { installDefinitions } from './routes/install-definitions.js';
import { applyObjects, openRoutes } from './routes/open-routes.js';
import { describeRouteObjects } from './routes/route-objects.js';
import { startTestGateway } from './routes/test-gateway.js';
import { rulesOfMesh } from './routes/virtual-services.js';

const kubernetes = inject('kubernetes');
const { signal } = new AbortController();
const GROUP = 'networking.istio.io';

async function open() {
  const routes = await openRoutes('istio', kubernetes!, 'istio-rbac.yaml');
  const url = await startTestGateway(
    () => rulesOfMesh(routes),
    async (service) => routes.addresses[service]!,
  );
  const settings = { gateways: ['istio-system/public'], hosts: ['*'], namespace: routes.namespace, servicePort: 8080, armHeader: 'x-arm' };
  return {
    ...routes,
    url,
    router: createIstioTrafficRouter({ api: routes.api, url, settingsOf: () => settings }),
    instances: ['m-1', 'm-2'] as const,
  };
}

describe.skipIf(kubernetes === null)('VirtualServices in a real API server (skipped where no control plane was built)', () => {
  beforeAll(() => installDefinitions(kubernetes!, 'Istio'));

  describeTrafficRouter('Istio', open);
  describeRouteObjects({ group: GROUP, plural: 'virtualservices', rules: '/spec/http', backends: 'route' }, open);

  test('each instance that gets requests has its circuit breaker and its outlier detection', async () => {
    const { router, list, namespace } = await open();
    const settings = { concurrentRequestsMax: 7, outlier: { consecutiveErrors: 3, ejectSeconds: 20 } };
    await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]], { mirror: { arm: 'challenger', instance: 'm-2' }, settings }), signal);
    const rules = await list<{ metadata: { name: string; ownerReferences: object[] }; spec: object }>(GROUP, 'destinationrules');
    expect(rules[1]!.metadata.ownerReferences).toMatchObject([{ kind: 'Service', name: 'm-2' }]); // it goes with its version
    expect(rules.map(({ metadata }) => metadata.name)).toEqual(['m-1', 'm-2']);
    expect(rules[1]!.spec).toMatchObject({
      host: `m-2.${namespace}.svc.cluster.local`,
      trafficPolicy: {
        connectionPool: { http: { http1MaxPendingRequests: 7, http2MaxRequests: 7 } },
        outlierDetection: { consecutive5xxErrors: 3, baseEjectionTime: '20s' },
      },
    });
  });

  test('a gateway that is not there gets no route; one that the route goes through already is not asked for', async () => {
    const routes = await openRoutes('istio', kubernetes!, 'istio-rbac.yaml');
    const { api, namespace } = routes;
    const settings = { gateways: ['public'], hosts: ['*'], namespace, servicePort: 8080 };
    const router = createIstioTrafficRouter({ api, settingsOf: () => settings });
    const first = routeOf('m', 1, [['champion', 'm-1', 100]]);
    await expect(router.shift(first, signal)).rejects.toMatchObject({
      type: 'RouterUnavailable',
      message: 'route of m: expected the Gateway public of its model file, found none',
      remedy: expect.stringContaining('serving.cluster.router.gateways'),
    });
    expect(await router.read('m')).toBeNull();
    const gateway = istioGateway('public', namespace, 8080);
    await applyObjects(kubernetes!, [gateway]);
    await router.shift(first, signal);
    await createKubectl(kubernetes!.binary, kubernetes!.kubeconfig)(['delete', `gateways.${GROUP}`, 'public', '--namespace', namespace]);
    const second = routeOf('m', 2, [['champion', 'm-2', 100]]);
    await router.shift(second, signal);
    expect((await router.read('m'))?.asked).toEqual(second);
  });
});
