import { expect, test } from 'vitest';
import { splitOfVirtualService, virtualServiceSpec } from '../../../src/adapters/istio/virtual-service.js';
import { routeOf } from '../../contracts/traffic-router.js';

const settings = { gateways: ['istio-system/public'], hosts: ['models.example'], namespace: 'ml', servicePort: 8080 };
const route = routeOf(
  'flights',
  7,
  [
    ['champion', 'flights-3', 90],
    ['challenger', 'flights-8', 10],
  ],
  { mirror: { arm: 'baseline', instance: '8-fresh' } },
);

test('a VirtualService reads as people write it: 90 to 10, a mirror, whole parts of the path', () => {
  const arm = (value: string) => ({ request: { set: { 'x-ratchet-arm': value } }, response: { set: { 'x-ratchet-arm': value } } });
  const to = (host: string) => ({ host: `${host}.ml.svc.cluster.local`, port: { number: 8080 } });
  expect(virtualServiceSpec(route, settings)).toEqual({
    hosts: ['models.example'],
    gateways: ['istio-system/public'],
    http: [
      {
        match: [{ uri: { exact: '/v2/models/flights' } }, { uri: { prefix: '/v2/models/flights/' } }],
        route: [
          { destination: to('flights-3'), weight: 90, headers: arm('champion') },
          { destination: to('flights-8'), weight: 10, headers: arm('challenger') },
        ],
        mirrors: [{ destination: to('r-8-fresh'), percentage: { value: 100 } }],
        timeout: '60s',
        retries: { attempts: 3, retryOn: 'connect-failure,refused-stream,reset-before-request' },
      },
    ],
  });
});

test('what we write is what we read, and another weight, mirror or timeout is not', () => {
  const spec = structuredClone(virtualServiceSpec(route, settings)) as { http: [{ route: [{ weight: number }]; timeout: string }] };
  expect(splitOfVirtualService(spec, route, settings)).toEqual({ splits: route.splits, mirror: route.mirror });
  spec.http[0].route[0].weight = 80;
  expect(splitOfVirtualService(spec, route, settings)?.splits[0]?.weightPercent).toBe(80);
  spec.http[0].timeout = '1s';
  expect(splitOfVirtualService(spec, route, settings)).toBeNull();
});
