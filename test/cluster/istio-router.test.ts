import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { createIstioTrafficRouter } from '../../src/adapters/istio/traffic-router.js';
import { describeTrafficRouter, routeOf } from '../contracts/traffic-router.js';
import { goModuleFolder } from './routes/go-module.js';
import { installDefinitions, openRoutes, type RoutesInTest } from './routes/open-routes.js';
import { describeRouteObjects } from './routes/route-objects.js';
import { startTestGateway, type Rule } from './routes/test-gateway.js';

const kubernetes = inject('kubernetes');
const { signal } = new AbortController();
const GROUP = 'networking.istio.io';

interface VirtualService {
  readonly spec: {
    readonly http: readonly {
      readonly match: readonly {
        readonly uri: { readonly exact?: string };
        readonly headers?: Readonly<Record<string, { exact: string }>>;
      }[];
      readonly mirrors?: readonly { readonly destination: { readonly host: string } }[];
      readonly route: readonly {
        readonly destination: { readonly host: string };
        readonly weight: number;
        readonly headers: { readonly request: { readonly set: Readonly<Record<string, string>> } };
      }[];
    }[];
  };
}

async function rulesOf({ list }: RoutesInTest): Promise<Rule[]> {
  const service = ({ host }: { readonly host: string }): string => host.split('.')[0]!;
  return (await list<VirtualService>(GROUP, 'virtualservices')).flatMap(({ spec }) =>
    spec.http.map(({ match, mirrors = [], route }) => ({
      path: match.find(({ uri }) => uri.exact !== undefined)!.uri.exact!,
      headers: Object.fromEntries(Object.entries(match[0]!.headers ?? {}).map(([name, { exact }]) => [name, exact])),
      mirror: mirrors[0] ? service(mirrors[0].destination) : null,
      backends: route.map(({ destination, weight, headers }) => ({ service: service(destination), weight, adds: headers.request.set })),
    })),
  );
}

async function open() {
  const routes = await openRoutes('istio', kubernetes!, 'istio-rbac.yaml');
  const url = await startTestGateway(
    () => rulesOf(routes),
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
