import { expect, test } from 'vitest';
import { httpRouteSpec, splitOfHttpRoute, verdictOfHttpRoute } from '../../../src/adapters/gateway-api/http-route.js';
import { routeOf } from '../../contracts/traffic-router.js';

const settings = { gateway: { name: 'public', namespace: 'gateways' }, hostnames: ['models.example'], servicePort: 8080 };
const route = routeOf(
  'flights',
  7,
  [
    ['champion', 'flights-3', 90],
    ['challenger', 'flights-8', 10],
  ],
  { mirror: { arm: 'baseline', instance: 'flights-3-fresh-8' } },
);

test('an HTTPRoute divides 90 to 10, mirrors, and matches whole parts of the path', () => {
  expect(httpRouteSpec(route, settings)).toMatchObject({
    parentRefs: [{ kind: 'Gateway', name: 'public', namespace: 'gateways' }],
    hostnames: ['models.example'],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/v2/models/flights' } }],
        timeouts: { request: '60000ms' },
        filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'flights-3-fresh-8', port: 8080 } } }],
        backendRefs: [
          { name: 'flights-3', port: 8080, weight: 90 },
          { name: 'flights-8', port: 8080, weight: 10 },
        ],
      },
    ],
  });
});

test('what we write is what we read, whatever defaults the server adds, and a changed path is not', () => {
  const spec = structuredClone(httpRouteSpec(route, settings)) as { rules: [{ matches: [{ path: { value: string } }] }] };
  Object.assign(spec.rules[0].matches[0], { method: 'POST' });
  expect(splitOfHttpRoute(spec, route, settings)).toEqual({ splits: route.splits, mirror: route.mirror });
  spec.rules[0].matches[0].path.value = '/v2';
  expect(splitOfHttpRoute(spec, route, settings)).toBeNull();
});

test.for<[says: string, conditions: [type: string, status: string, generation: number][], kind: string]>([
  ['nothing', [], 'pending'],
  [
    'yes of the spec before',
    [
      ['Accepted', 'True', 1],
      ['ResolvedRefs', 'True', 1],
    ],
    'pending',
  ],
  ['half of it', [['Accepted', 'True', 2]], 'pending'],
  [
    'yes',
    [
      ['Accepted', 'True', 2],
      ['ResolvedRefs', 'True', 2],
    ],
    'taken',
  ],
  [
    'no',
    [
      ['Accepted', 'False', 2],
      ['ResolvedRefs', 'True', 2],
    ],
    'refused',
  ],
  ['no of the spec before', [['Accepted', 'False', 1]], 'pending'],
])('a gateway that says %s', ([, conditions, kind]) => {
  const said = conditions.map(([type, status, observedGeneration]) => ({ type, status, observedGeneration, reason: 'R', message: 'm' }));
  const object = { apiVersion: 'v1', kind: 'HTTPRoute', metadata: { name: 'm', generation: 2 }, spec: {} };
  const parents = [
    { parentRef: { name: 'another' }, conditions: [{ type: 'Accepted', status: 'False', observedGeneration: 2 }] },
    { parentRef: { name: 'public' }, conditions: said },
  ];
  expect(verdictOfHttpRoute({ ...object, status: { parents } }, settings).kind).toBe(kind);
});
