import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { askingFor } from '../../../src/adapters/sagemaker/endpoint-api.js';
import { createCloudWatchAlarms } from '../../../src/adapters/sagemaker/alarm-source.js';
import { createSageMakerMetricSource } from '../../../src/adapters/sagemaker/endpoint-metric-source.js';
import { createSageMakerTrafficRouter } from '../../../src/adapters/sagemaker/endpoint-router.js';
import { askedForAnswers } from '../../../src/adapters/sagemaker/invoke-variant.js';
import { processingRequest, trainingRequest } from '../../../src/adapters/sagemaker/job-request.js';
import { createSageMakerModelRegistry } from '../../../src/adapters/sagemaker/model-registry.js';
import { lazyCloudWatch, lazySageMaker } from '../../../src/adapters/sagemaker/sagemaker-client.js';
import { processingJobs, trainingJobs } from '../../../src/adapters/sagemaker/sagemaker-jobs.js';
import { servedModels } from '../../../src/adapters/sagemaker/served-model.js';
import type { SageMakerCluster } from '../../../src/domain/sagemaker-cluster.js';
import type { SageMakerServers } from '../../../src/domain/sagemaker-servers.js';
import { digestOfBytes } from '../../../src/domain/digest.js';
import { nodeJob } from '../../contracts/job-cluster.js';
import { registerRequest } from '../../contracts/model-registry.js';
import { instanceOf } from '../../contracts/serving.js';
import { routeOf } from '../../contracts/traffic-router.js';
import { startTestMoto } from '../../servers/moto.js';

/**
 * Moto knows the shapes, not the life, and not all calls (DeleteModelPackage, StopTrainingJob), nor that a tag that is set
 * again has the new value. It has no UpdateEndpoint and no shadow variants. The contract suites run on our own fake.
 */
const home = mkdtempSync(join(tmpdir(), 'ratchet-test-moto-'));
let moto: Awaited<ReturnType<typeof startTestMoto>>;
const environment = () => ({
  AWS_ACCESS_KEY_ID: 'a',
  AWS_SECRET_ACCESS_KEY: 'b',
  AWS_ENDPOINT_URL_SAGEMAKER: moto.url,
  AWS_ENDPOINT_URL_CLOUDWATCH: moto.url,
});

beforeAll(async () => {
  moto = await startTestMoto(inject('testPython'), home);
});
afterAll(async () => {
  await moto?.stop();
  rmSync(home, { recursive: true, force: true });
});

test('a version with metrics and lineage is registered, found, approved as champion and taken off as challenger', async () => {
  const registry = createSageMakerModelRegistry({ environment: environment() });
  const source = `s3://bucket/objects/sha256/ab/${'ab'.repeat(32)}`;
  const tags = { 'ratchet.evidence.evaluate': digestOfBytes('evaluation'), 'ratchet.commit': '0123abc' };
  const request = registerRequest({ source, tags });
  expect(await registry.getAlias(request.name, 'champion')).toBeNull();
  const first = await registry.register(request);
  expect(first.tags).toMatchObject({ ...tags, 'ratchet.candidate_digest': request.candidateDigest });
  expect(await registry.register(request)).toEqual(first);
  const second = await registry.register({ ...request, candidateDigest: digestOfBytes('second') });
  await registry.setAlias(request.name, 'champion', first.registryVersion);
  await registry.setAlias(request.name, 'challenger', second.registryVersion);
  expect((await registry.getAlias(request.name, 'champion'))?.registryVersion).toBe(first.registryVersion);
  await registry.deleteAlias(request.name, 'challenger');
  expect(await registry.getAlias(request.name, 'challenger')).toBeNull();
  await expect(registry.setAlias(request.name, 'champion', '99')).rejects.toMatchObject({ type: 'RegistryRefused' });
});

test('an endpoint of two variants is created, its weights are changed, and the route is read back', async () => {
  const account = { roleArn: 'arn:aws:iam::000000000000:role/FakeRole', namePrefix: 'ratchet', environment: environment() };
  const models = servedModels(askingFor(lazySageMaker(environment()), askedForAnswers), account);
  for (const name of ['m-1', 'm-2']) {
    const network = { subnets: ['subnet-1'], securityGroups: ['sg-1'] };
    const tags = { team: 'risk' };
    const servers: SageMakerServers = {
      kind: 'sagemaker',
      image: 'server:1',
      machineType: 'ml.m5.large',
      metricsSeconds: 60,
      network,
      tags,
    };
    await models.create(instanceOf(digestOfBytes('model'), { name, model: 'm' }), digestOfBytes('order'), 's3://bucket/team', servers);
  }
  expect((await models.list('m')).map(({ instance }) => instance).sort()).toEqual(['m-1', 'm-2']);
  const router = createSageMakerTrafficRouter({ ...account, url: '', times: { waitMsMax: 10_000, lookMs: 10 } });
  for (const [shift, percent] of [
    [1, 70],
    [2, 50],
  ] as const) {
    const route = routeOf('m', shift, [
      ['champion', 'm-1', percent],
      ['challenger', 'm-2', 100 - percent],
    ]);
    await router.shift(route, new AbortController().signal);
    expect(await router.read('m')).toMatchObject({ asked: route, inForce: { splits: route.splits, mirror: null }, isHeld: false });
  }
});

describe('jobs', () => {
  const cluster: SageMakerCluster = {
    kind: 'sagemaker',
    image: 'trainer:1',
    entrypoint: ['python', '-m', 'ratchet_steps.runner'],
    machines: [{ type: 'ml.m5.large', cpus: 2, memoryMiB: 8192, gpus: 0 }],
    volumeGiB: 30,
    spot: { waitSecondsMax: 3600 },
    network: { subnets: ['subnet-1'], securityGroups: ['sg-1'] },
    kmsKey: 'alias/ratchet',
    tags: { team: 'risk' },
  };
  const account = {
    roleArn: 'arn:aws:iam::000000000000:role/FakeRole',
    namePrefix: 'ratchet',
    storeUri: 's3://bucket/team',
    environment: {},
  };
  const order = digestOfBytes('order');

  test('a training is taken, described and listed', async () => {
    const jobs = trainingJobs(lazySageMaker(environment()));
    const spec = nodeJob('', { checkpoints: 'm/train-1' });
    await jobs.create(trainingRequest(spec, cluster, order, account));
    expect(await jobs.describe(`ratchet-${spec.name}`)).toMatchObject({ sageMakerName: `ratchet-${spec.name}`, failureReason: '' });
    expect(await jobs.describe('ratchet-never')).toBeNull();
    const listed = [];
    for await (const job of jobs.list({ namePrefix: 'ratchet-', sinceMs: 0 })) listed.push(job.sageMakerName);
    expect(listed).toEqual([`ratchet-${spec.name}`]);
  });

  test('a processing job is taken and described', async () => {
    const jobs = processingJobs(lazySageMaker(environment()));
    const spec = nodeJob('', { name: 'm-c1-evaluate-a1', stage: 'evaluate' });
    await jobs.create(processingRequest(spec, cluster, order, account));
    expect(await jobs.describe(`ratchet-${spec.name}`)).toMatchObject({ sageMakerName: `ratchet-${spec.name}`, failureReason: '' });
  });
});

test('requests and errors of a variant are asked of CloudWatch, which has none', async () => {
  const account = { roleArn: 'arn:aws:iam::000000000000:role/FakeRole', namePrefix: 'counted', environment: environment() };
  const models = servedModels(askingFor(lazySageMaker(environment()), askedForAnswers), account);
  const servers: SageMakerServers = { kind: 'sagemaker', image: 'server:1', machineType: 'ml.m5.large', metricsSeconds: 10, tags: {} };
  const spec = instanceOf(digestOfBytes('model'), { name: 'm-1', model: 'm' });
  await models.create(spec, digestOfBytes('order'), 's3://bucket/team', servers);
  const source = createSageMakerMetricSource({ ...account, lagSeconds: 120 });
  const { atMs, arms } = await source.read({ champion: 'm-1' }, 'request', new AbortController().signal);
  expect(atMs).toBeLessThanOrEqual(Date.now() - 120_000);
  expect(arms.champion).toMatchObject({ units: 0, errors: 0 });
});

test('alarms are asked of CloudWatch by their names', async () => {
  const client = await lazyCloudWatch(environment())();
  const rule = { Namespace: 'Ours', MetricName: 'Latency', Period: 60, EvaluationPeriods: 1, Statistic: 'Average' as const, Threshold: 1 };
  await client.putMetricAlarm({ ...rule, AlarmName: 'slow', ComparisonOperator: 'GreaterThanThreshold' });
  await client.setAlarmState({ AlarmName: 'slow', StateValue: 'ALARM', StateReason: 'as asked' });
  const found = await createCloudWatchAlarms({ environment: environment() }).read(['slow', 'never-made'], new AbortController().signal);
  expect(found).toEqual([{ name: 'slow', state: 'ALARM', reason: 'as asked' }]);
});
