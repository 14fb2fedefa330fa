import { SageMaker } from '@aws-sdk/client-sagemaker';
import { expect, test } from 'vitest';
import type { InstanceSpec } from '../../../src/domain/serving.js';
import { instanceOf } from '../../contracts/serving.js';
import { routeOf } from '../../contracts/traffic-router.js';
import { times, useEndpoints } from '../../adapters/sagemaker/endpoints-in-test.js';

const { open, fake } = useEndpoints();
const signal = new AbortController().signal;
const noCapacity = 'CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type.';

/** A model with a champion that has all requests, and a challenger that stands ready. */
async function openModel() {
  const opened = await open();
  const artifact = await opened.store.put(Buffer.from('model'));
  const specOf = (cycle: number, change: Partial<InstanceSpec> = {}) =>
    instanceOf(artifact, { ...opened.place, name: `m-${cycle}`, model: 'm', ...change });
  const route = (shift: number, champion: number) =>
    routeOf(
      'm',
      shift,
      champion === 100
        ? [['champion', 'm-1', 100]]
        : [
            ['champion', 'm-1', champion],
            ['challenger', 'm-2', 100 - champion],
          ],
    );
  await opened.serving.prepare(specOf(1), signal);
  await opened.router.shift(route(1, 100), signal);
  const sageMaker = new SageMaker({
    region: 'us-east-1',
    endpoint: opened.environment.AWS_ENDPOINT_URL_SAGEMAKER!,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const weights = async () => {
    const { ProductionVariants } = await sageMaker.describeEndpoint({ EndpointName: `${opened.namePrefix}-m` });
    return Object.fromEntries((ProductionVariants ?? []).map(({ VariantName, CurrentWeight }) => [VariantName, CurrentWeight]));
  };
  const configs = () =>
    fake()
      .endpoints.configNames()
      .filter((name) => name.startsWith(`${opened.namePrefix}-m-e`));
  return { ...opened, specOf, route, weights, configs, sageMaker };
}

/** Something that is waited for until it is let go. */
function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  let arrive!: () => void;
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  return { open, arrived, wait: () => (arrive(), opened) };
}

test('one that is prepared gets no requests; after it a shift changes weights alone, and old configurations go', async () => {
  const { serving, router, specOf, route, weights, configs } = await openModel();
  await serving.prepare(specOf(2), signal);
  expect(await weights()).toEqual({ 'm-1': 100, 'm-2': 0 });
  expect(await serving.ask('m-2', [{ distance: 1 }], signal)).toEqual([[0.5]]);
  const updates = fake().calls.filter((call) => call === 'UpdateEndpoint').length;
  await router.shift(route(2, 90), signal);
  await router.shift(route(3, 50), signal);
  await router.shift(route(4, 100), signal);
  expect(await weights()).toEqual({ 'm-1': 100, 'm-2': 0 });
  expect(fake().calls.filter((call) => call === 'UpdateEndpoint')).toHaveLength(updates);
  expect(configs()).toHaveLength(2); // the one in force, and the newest
  await serving.retire('m-2', 1);
  expect(await weights()).toEqual({ 'm-1': 100 });
  expect((await router.read('m'))?.asked.shift).toBe(4);
});

test('weights of an older shift that come late are put right by whoever sent them', async () => {
  const { serving, router, specOf, route, weights } = await openModel();
  await serving.prepare(specOf(2), signal);
  const { open: letGo, arrived, wait } = gate();
  fake().waitBefore('UpdateEndpointWeightsAndCapacities', wait);
  const late = router.shift(route(2, 10), signal).catch((error: unknown) => error);
  await arrived;
  await router.shift(route(3, 100), signal);
  expect(await weights()).toEqual({ 'm-1': 100, 'm-2': 0 });
  letGo();
  expect(await late).toMatchObject({ type: 'ShiftStale' });
  expect(await weights()).toEqual({ 'm-1': 100, 'm-2': 0 });
});

test('an update of an older configuration that comes late is refused: its configuration is gone', async () => {
  const { serving, router, specOf, route, weights } = await openModel();
  await serving.prepare(specOf(2), signal);
  const { open: letGo, arrived, wait } = gate();
  fake().waitBefore('UpdateEndpoint', wait);
  const shadow = routeOf('m', 2, [['champion', 'm-1', 100]], { mirror: { arm: 'challenger', instance: 'm-2' } });
  const late = router.shift(shadow, signal).catch((error: unknown) => error);
  await arrived;
  await router.shift(route(3, 80), signal);
  letGo();
  expect(await late).toMatchObject({ type: 'ShiftStale' });
  expect(await router.read('m')).toMatchObject({
    asked: route(3, 80),
    inForce: { splits: route(3, 80).splits, mirror: null },
    isHeld: false,
  });
  expect(await weights()).toEqual({ 'm-1': 80, 'm-2': 20 });
});

test('of many who prepare and shift at once nobody is lost', async () => {
  const { serving, router, specOf, route, weights } = await openModel();
  const shifts = [2, 3, 4].map((shift) => router.shift(route(shift, 100), signal).catch(({ type }: { type: string }) => type));
  await Promise.all([serving.prepare(specOf(2), signal), serving.prepare(specOf(3), signal)]);
  for (const outcome of await Promise.all(shifts)) expect([undefined, 'ShiftStale']).toContain(outcome);
  expect(await weights()).toEqual({ 'm-1': 100, 'm-2': 0, 'm-3': 0 });
});

test('copies go to a shadow, beside one version; the way on puts the others back', async () => {
  const { serving, router, specOf, route, weights } = await openModel();
  await serving.prepare(specOf(2), signal);
  const mirror = { arm: 'challenger', instance: 'm-2' } as const;
  const shadow = routeOf('m', 2, [['champion', 'm-1', 100]], { mirror });
  await router.shift(shadow, signal);
  expect(await router.read('m')).toMatchObject({ asked: shadow, inForce: { splits: shadow.splits, mirror }, isHeld: false });
  await expect(serving.prepare(specOf(3), signal)).rejects.toMatchObject({ type: 'ServingUnavailable' });
  await expect(serving.retire('m-2', 1)).rejects.toMatchObject({ type: 'ServingUnavailable' });
  await router.shift(route(3, 90), signal);
  expect(await weights()).toEqual({ 'm-1': 90, 'm-2': 10 });
  await expect(router.shift({ ...route(4, 90), mirror }, signal)).rejects.toMatchObject({ type: 'RouterRefused' });
  for (const settings of [{ stickyBy: 'x-user' }, { rateLimit: { requestsPerSecond: 5 } }])
    await expect(router.shift({ ...route(4, 90), settings: { ...route(4, 90).settings, ...settings } }, signal)).rejects.toMatchObject({
      type: 'RouterRefused',
      message: expect.stringContaining(Object.keys(settings)[0]!),
    });
});

test('without machines nothing changes for callers, and the next try finds them', async () => {
  const { serving, router, specOf, weights } = await openModel();
  fake().endpoints.failNext(noCapacity);
  await expect(serving.prepare(specOf(2), signal)).rejects.toMatchObject({
    type: 'ServingUnavailable',
    message: expect.stringContaining('Unable to provision'),
  });
  expect(await weights()).toEqual({ 'm-1': 100 });
  await serving.prepare(specOf(2), signal);
  fake().endpoints.failNext(noCapacity);
  const shadow = routeOf('m', 2, [['champion', 'm-1', 100]], { mirror: { arm: 'challenger', instance: 'm-2' } });
  await expect(router.shift(shadow, signal)).rejects.toMatchObject({ type: 'RouterUnavailable' });
  await router.shift(shadow, signal); // asked again, as every transient failure is
  expect((await router.read('m'))?.inForce?.mirror?.instance).toBe('m-2');
});

test('a version that does not start is taken out again while the champion answers; one that could not be created is tried anew', async () => {
  const { serving, specOf, weights, namePrefix } = await openModel();
  await expect(serving.prepare(specOf(2, { version: 'dies' }), signal)).rejects.toMatchObject({ type: 'InstanceNotReady' });
  expect(await weights()).toEqual({ 'm-1': 100 });
  expect(await serving.describe('m-2')).toBeNull();
  expect(await serving.ask('m-1', [{ distance: 1 }], signal)).toEqual([[0.5]]);

  const other = specOf(7, { name: 'other-7', model: 'other' });
  fake().endpoints.failNext(noCapacity);
  await expect(serving.prepare(other, signal)).rejects.toMatchObject({ type: 'ServingUnavailable' });
  expect(
    fake()
      .endpoints.configNames()
      .filter((name) => name.startsWith(`${namePrefix}-other`)),
  ).toEqual([]);
  expect((await serving.prepare(other, signal)).replicas).toMatchObject([{ ready: true }]);
});

test('a route that SageMaker gives up is told with its words, and the one before is asked for again', async () => {
  const { serving, router, specOf, route } = await openModel();
  await serving.prepare(specOf(2), signal);
  fake().endpoints.failNext('An alarm of yours went off.');
  const shadow = routeOf('m', 2, [['champion', 'm-1', 100]], { mirror: { arm: 'challenger', instance: 'm-2' } });
  await expect(router.shift(shadow, signal)).rejects.toMatchObject({
    type: 'RouterRefused',
    message: expect.stringContaining('An alarm of yours went off.'),
  });
  expect(await router.read('m')).toMatchObject({
    asked: route(1, 100),
    inForce: { splits: route(1, 100).splits, mirror: null },
    isHeld: false,
  });
});

test('while SageMaker changes or maintains an endpoint a way back waits for it, can be called off, and is then taken', async () => {
  const { serving, router, specOf, route, weights, namePrefix } = await openModel();
  await serving.prepare(specOf(2), signal);
  await router.shift(route(2, 50), signal);
  fake().endpoints.hold(true);
  const preparing = serving.prepare(specOf(3), signal);
  await expect.poll(async () => (await serving.describe('m-3')) !== null).toBe(true);
  const leaving = new AbortController();
  const calledOff = router.shift(route(3, 100), leaving.signal).catch((error: unknown) => error);
  setTimeout(() => leaving.abort(), 10 * times.lookMs);
  expect(await calledOff).toMatchObject({ name: 'AbortError' });
  expect(await weights()).toEqual({ 'm-1': 50, 'm-2': 50 });
  const back = router.shift(route(3, 100), signal);
  fake().endpoints.hold(false);
  await Promise.all([preparing, back]);
  expect(await weights()).toEqual({ 'm-1': 100, 'm-2': 0, 'm-3': 0 });

  fake().endpoints.maintain(`${namePrefix}-m`, true);
  const shifting = router.shift(route(4, 90), signal);
  await expect.poll(async () => (await router.read('m'))?.asked.shift).toBe(4);
  fake().endpoints.maintain(`${namePrefix}-m`, false);
  await shifting;
  expect(await weights()).toEqual({ 'm-1': 90, 'm-2': 10, 'm-3': 0 });
});

test('weights that somebody changed by hand are seen, and the same shift puts them right', async () => {
  const { serving, router, specOf, route, sageMaker, namePrefix } = await openModel();
  await serving.prepare(specOf(2), signal);
  await router.shift(route(2, 90), signal);
  await sageMaker.updateEndpointWeightsAndCapacities({
    EndpointName: `${namePrefix}-m`,
    DesiredWeightsAndCapacities: [{ VariantName: 'm-2', DesiredWeight: 90 }],
  });
  await expect.poll(async () => (await router.read('m'))?.inForce?.splits.map(({ weightPercent }) => weightPercent)).toEqual([50, 50]);
  await router.shift(route(2, 90), signal);
  expect((await router.read('m'))?.inForce?.splits).toEqual(route(2, 90).splits);
});

test.for<[says: string, operation: string, fault: object, type: string]>([
  ['credentials that have run out', 'DescribeEndpoint', { status: 400, type: 'ExpiredTokenException' }, 'RouterUnavailable'],
  ['no right', 'UpdateEndpointWeightsAndCapacities', { status: 400, type: 'AccessDeniedException' }, 'AccessDenied'],
])('after %s the same shift is taken', async ([, operation, fault, type]) => {
  const { serving, router, specOf, route, weights } = await openModel();
  await serving.prepare(specOf(2), signal);
  fake().fail(operation, { kind: 'error', ...(fault as { status: number; type: string }) });
  await expect(router.shift(route(2, 90), signal)).rejects.toMatchObject({ type });
  await router.shift(route(2, 90), signal);
  expect(await weights()).toEqual({ 'm-1': 90, 'm-2': 10 });
});

test('throttling and lost answers are put up with', async () => {
  const { serving, router, specOf, route, weights } = await openModel();
  fake().fail('CreateEndpointConfig', { kind: 'lostReply' });
  fake().fail('UpdateEndpoint', { kind: 'lostReply' });
  fake().fail('CreateModel', { kind: 'error', status: 400, type: 'ThrottlingException' }, 2);
  await serving.prepare(specOf(2), signal);
  fake().fail('UpdateEndpointWeightsAndCapacities', { kind: 'lostReply' });
  await router.shift(route(2, 90), signal);
  expect(await weights()).toEqual({ 'm-1': 90, 'm-2': 10 });
});
