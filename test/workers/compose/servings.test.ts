import { expect, test } from 'vitest';
import { RatchetError } from '../../../src/domain/failure.js';
import { digestOfBytes } from '../../../src/domain/digest.js';
import type { InstanceSpec } from '../../../src/domain/serving.js';
import { KubernetesServers } from '../../../src/domain/kubernetes-servers.js';
import { SageMakerServers } from '../../../src/domain/sagemaker-servers.js';
import { joinMetricSources, joinServings } from '../../../src/workers/compose/servings.js';
import { instanceOf } from '../../contracts/serving.js';
import { createMemoryServing } from '../../fakes/memory-serving.js';

const { signal } = new AbortController();
const kubernetes = KubernetesServers.parse({ kind: 'kubernetes', image: 'server' });
const sagemaker = SageMakerServers.parse({ kind: 'sagemaker', image: 'server', machineType: 'ml.m5.large' });
const places = { local: undefined, kubernetes, sagemaker };

function open() {
  const servings = { local: createMemoryServing(), kubernetes: createMemoryServing(), sagemaker: createMemoryServing() };
  const { local, ...others } = servings;
  const metrics = joinMetricSources(local, others);
  return { ...servings, joined: joinServings(local.serving, others), metrics };
}

function specOf(name: string, cluster: InstanceSpec['cluster']): InstanceSpec {
  return instanceOf(digestOfBytes('model'), { name, model: name, ...(cluster && { cluster }) });
}

test.for(['local', 'kubernetes', 'sagemaker'] as const)('an instance goes to %s as its spec says, and is found there', async (where) => {
  const { joined, metrics, ...servings } = open();
  await joined.prepare(specOf('m-1', places[where]), signal);
  expect(await servings[where].serving.describe('m-1')).not.toBeNull();
  expect(await joined.describe('m-1')).toMatchObject({ name: 'm-1' });
  expect((await joined.list('m-1')).map(({ name }) => name)).toEqual(['m-1']);
  expect((await metrics.read({ champion: 'm-1' }, 'request', signal)).arms.champion).toBeDefined();
  await joined.retire('m-1', 1);
  expect(await joined.describe('m-1')).toBeNull();
});

test('a place that the worker was not told of is refused, with what to set', async () => {
  const joined = joinServings(createMemoryServing().serving, {});
  await expect(joined.prepare(specOf('m-1', sagemaker), signal)).rejects.toMatchObject({
    type: 'InstanceNotReady',
    remedy: expect.stringContaining('RATCHET_SAGEMAKER_SERVING_ROLE_ARN'),
  });
});

test('a place that is away matters only for what is nowhere else', async () => {
  const { joined, kubernetes: away } = open();
  await joined.prepare(specOf('m-1', sagemaker), signal);
  away.serving.describe = () => Promise.reject(new RatchetError('ServingUnavailable', 'away'));
  expect(await joined.describe('m-1')).toMatchObject({ name: 'm-1' });
  await expect(joined.describe('m-2')).rejects.toMatchObject({ message: 'away' });
});
