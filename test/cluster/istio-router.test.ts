import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { createIstioTrafficRouter } from '../../src/adapters/istio/traffic-router.js';
import { describeTrafficRouter, routeOf } from '../contracts/traffic-router.js';
import { goModuleFolder } from './routes/go-module.js';
import { installDefinitions, openRoutes } from './routes/open-routes.js';
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
  beforeAll(async () => {
    const folder = await goModuleFolder('istio.io/api');
    await installDefinitions(kubernetes!, [join(folder, 'kubernetes/customresourcedefinitions.gen.yaml')]);
  });

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
});
