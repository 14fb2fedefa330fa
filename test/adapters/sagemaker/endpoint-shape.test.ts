import { expect, test } from 'vitest';
import { instanceOf } from '../../contracts/serving.js';
import { routeOf } from '../../contracts/traffic-router.js';
import { servers, useEndpoints } from './endpoints-in-test.js';

const { open, fake } = useEndpoints();
const signal = AbortSignal.timeout(100_000);

test('disks and pace are as the version that came last wants them, in each configuration after it', async () => {
  const { serving, router, store, namePrefix } = await open();
  const artifact = await store.put(Buffer.from('model'));
  const prepare = (name: string, cluster: object) =>
    serving.prepare(instanceOf(artifact, { name, model: 'm', cluster: { ...servers, ...cluster } }), signal);
  const shape = () => {
    const { EndpointConfigName } = fake().endpoints.operations.DescribeEndpoint!({ EndpointName: `${namePrefix}-m` });
    const { KmsKeyId, MetricsConfig } = fake().endpoints.operations.DescribeEndpointConfig!({ EndpointConfigName });
    return { KmsKeyId, MetricsConfig };
  };
  await prepare('m-1', {});
  expect(shape()).toEqual({ KmsKeyId: undefined, MetricsConfig: undefined });
  await prepare('m-2', { kmsKey: 'alias/models', metricsSeconds: 10 });
  const wanted = { KmsKeyId: 'alias/models', MetricsConfig: { EnableEnhancedMetrics: true, MetricPublishFrequencyInSeconds: 10 } };
  expect(shape()).toEqual(wanted);
  await router.shift(routeOf('m', 1, [['champion', 'm-1', 100]], { mirror: { arm: 'challenger', instance: 'm-2' } }), signal);
  expect(shape()).toEqual(wanted);
  await router.shift(routeOf('m', 2, [['champion', 'm-1', 100]]), signal);
  await serving.retire('m-2', 1);
  expect(shape()).toEqual(wanted);
});

test('while SageMaker changes an endpoint, its reading says so, and what was asked for before', async () => {
  const { serving, router, store } = await open();
  const artifact = await store.put(Buffer.from('model'));
  for (const name of ['m-1', 'm-2']) await serving.prepare(instanceOf(artifact, { name, model: 'm', cluster: servers }), signal);
  const [before, asked] = [routeOf('m', 1, [['champion', 'm-1', 100]]), routeOf('m', 2, [['champion', 'm-2', 100]])];
  await router.shift(before, signal);
  expect(await router.read('m')).toEqual({ asked: before, inForce: { splits: before.splits, mirror: null }, isHeld: false });
  fake().endpoints.hold(true);
  const shifting = router.shift(asked, signal);
  await expect.poll(async () => (await router.read('m'))?.isSettling).toBe(true);
  expect(await router.read('m')).toMatchObject({
    asked,
    inForce: { splits: [{ instance: 'm-1', weightPercent: 100 }] },
    before: { splits: before.splits, mirror: null },
  });
  fake().endpoints.hold(false);
  await shifting;
  const settled = await router.read('m');
  expect(settled).toMatchObject({ asked, inForce: { splits: asked.splits } });
  expect(settled).not.toHaveProperty('isSettling');
  expect(fake().calls).toContain('UpdateEndpointWeightsAndCapacities');
});
