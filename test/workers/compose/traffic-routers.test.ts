import { expect, test } from 'vitest';
import { RatchetError } from '../../../src/domain/failure.js';
import type { Route } from '../../../src/domain/serving.js';
import type { RoutePlace } from '../../../src/domain/serving-cluster.js';
import { joinTrafficRouters } from '../../../src/workers/compose/traffic-routers.js';
import { routeOf } from '../../contracts/traffic-router.js';
import { createMemoryServing } from '../../fakes/memory-serving.js';

const { signal } = new AbortController();
const gatewayApi = { kind: 'gateway-api', gateway: { name: 'public' } } as const;
const istio = { kind: 'istio' as const, gateways: ['mesh'], hosts: ['models'] };

function open() {
  const [local, first, second, mesh, endpoints] = Array.from({ length: 5 }, () => createMemoryServing());
  const placed = [
    { namespace: 'one', kind: 'gateway-api', router: first!.router },
    { namespace: 'two', kind: 'gateway-api', router: second!.router },
    { namespace: 'two', kind: 'istio', router: mesh!.router },
    { namespace: null, kind: 'sagemaker', router: endpoints!.router },
  ] as const;
  const again = () => joinTrafficRouters(local!.router, placed);
  return { router: again(), again, local: local!, first: first!, second: second!, mesh: mesh!, endpoints: endpoints! };
}

type KubernetesPlace = Omit<Extract<RoutePlace, { kind: 'kubernetes' }>, 'kind'>;

function route(shift: number, place?: KubernetesPlace | 'sagemaker'): Route {
  const settings = place && { place: place === 'sagemaker' ? { kind: place } : { kind: 'kubernetes' as const, ...place } };
  return routeOf('m', shift, [['champion', 'm-1', 100]], { settings });
}

test.for<['local' | 'first' | 'second' | 'mesh' | 'endpoints', Parameters<typeof route>[1]]>([
  ['local', undefined],
  ['first', { router: gatewayApi }],
  ['second', { namespace: 'two', router: gatewayApi }],
  ['mesh', { namespace: 'two', router: istio }],
  ['endpoints', 'sagemaker'],
])('a route goes to the %s router, as it says, and any worker finds it there', async ([name, place]) => {
  const { router, again, ...routers } = open();
  expect(await router.read('m')).toBeNull();
  await router.shift(route(1, place), signal);
  expect(routers[name].shifts).toEqual([route(1, place)]);
  for (const one of [router, again()]) expect((await one.read('m'))?.asked).toEqual(route(1, place));
  await again().shift(route(2, place), signal);
  expect((await router.read('m'))?.asked.shift).toBe(2);
});

test('a route stays where it is: another place is refused, whoever asks, and gets nothing', async () => {
  const { router, again, local, first } = open();
  await router.shift(route(1), signal);
  for (const one of [router, again()]) {
    await expect(one.shift(route(2, { router: gatewayApi }), signal)).rejects.toMatchObject({
      type: 'RouterRefused',
      message: 'route of m: serving.cluster asks for gateway-api in namespace one, and it lies with the proxy of the worker’s machine',
    });
  }
  expect([local.shifts.length, first.shifts.length]).toEqual([1, 0]);
});

test('a place that the worker does not know is refused for good, with what to set', async () => {
  const { router, local } = open();
  await expect(router.shift(route(1, { router: istio }), signal)).rejects.toMatchObject({
    type: 'RouterRefused',
    message: expect.stringContaining(
      'istio in namespace one, this worker knows gateway-api in one, gateway-api in two, istio in two, sagemaker',
    ),
    remedy: expect.stringContaining('RATCHET_KUBERNETES_ROUTERS'),
  });
  const alone = joinTrafficRouters(local.router, []);
  await expect(alone.shift(route(1, { router: gatewayApi }), signal)).rejects.toMatchObject({
    message: expect.stringContaining('knows none'),
  });
  await expect(alone.shift(route(1, 'sagemaker'), signal)).rejects.toMatchObject({
    message: expect.stringContaining('asks for sagemaker'),
    remedy: expect.stringContaining('RATCHET_SAGEMAKER_SERVING_ROLE_ARN'),
  });
});

test('a cluster that is away keeps nobody from moving what is served on this machine', async () => {
  const { router, again, first } = open();
  await router.shift(route(1), signal);
  first.failures.set('read', new RatchetError('RouterUnavailable', 'the API server does not answer'));
  await again().shift(route(2), signal);
  expect((await again().read('m'))?.asked.shift).toBe(2);
});

test('a route that cannot be looked for is not said to be nowhere', async () => {
  const { router, first, second } = open();
  first.failures.set('read', new RatchetError('AccessDenied', 'httproutes is forbidden'));
  await expect(router.read('m')).rejects.toMatchObject({ type: 'AccessDenied' });
  const place = { namespace: 'two', router: gatewayApi };
  await second.router.shift(route(1, place), signal);
  expect((await router.read('m'))?.asked).toEqual(route(1, place));
});
