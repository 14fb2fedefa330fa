import { SageMaker } from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSageMakerModelRegistry } from '../../../src/adapters/sagemaker/model-registry.js';
import { digestOfBytes } from '../../../src/domain/digest.js';
import { describeModelRegistry, registerRequest } from '../../contracts/model-registry.js';
import { startFakeSageMaker } from '../../fakes/sagemaker/server.js';

const keys = { AWS_ACCESS_KEY_ID: 'ratchet-test', AWS_SECRET_ACCESS_KEY: 'top-secret' };
let fake: Awaited<ReturnType<typeof startFakeSageMaker>>;
const open = () => createSageMakerModelRegistry({ environment: { ...keys, ...fake.environment } });

beforeAll(async () => {
  fake = await startFakeSageMaker({ home: 'no jobs here', buckets: '', image: {} });
});
afterAll(() => fake?.stop());

describeModelRegistry('SageMaker', open);

function sageMakerItself(): SageMaker {
  return new SageMaker({
    region: fake.environment.AWS_REGION,
    endpoint: fake.environment.AWS_ENDPOINT_URL_SAGEMAKER,
    credentials: { accessKeyId: keys.AWS_ACCESS_KEY_ID, secretAccessKey: keys.AWS_SECRET_ACCESS_KEY },
  });
}

const arnOf = (name: string, version: string) => `arn:aws:sagemaker:us-east-1:000000000000:model-package/${name}/${version}`;

async function statuses(name: string): Promise<Record<string, string>> {
  const sageMaker = sageMakerItself();
  const { ModelPackageSummaryList: found = [] } = await sageMaker.listModelPackages({ ModelPackageGroupName: name });
  const described = await Promise.all(
    found.map(({ ModelPackageArn }) => sageMaker.describeModelPackage({ ModelPackageName: ModelPackageArn })),
  );
  return Object.fromEntries(
    described.map(({ ModelPackageVersion, ModelApprovalStatus }) => [ModelPackageVersion, ModelApprovalStatus ?? '']),
  );
}

test('the newest approved version is the champion, through passing over, promotion and rollback', async () => {
  const registry = open();
  const request = registerRequest();
  const [v1, v2, v3] = (await Promise.all([request, ...['second', 'third'].map(again)].map((each) => registry.register(each)))).map(
    ({ registryVersion }) => registryVersion,
  ) as [string, string, string];
  function again(what: string) {
    return { ...request, candidateDigest: digestOfBytes(what) };
  }
  const [first, second, third] = [v1, v2, v3].sort() as [string, string, string];
  await registry.setAlias(request.name, 'champion', first);
  await registry.setAlias(request.name, 'challenger', second);
  await registry.setAlias(request.name, 'challenger', third);
  expect(await statuses(request.name)).toEqual({ [first]: 'Approved', [second]: 'Rejected', [third]: 'PendingManualApproval' });
  await registry.setAlias(request.name, 'champion', third);
  await registry.deleteAlias(request.name, 'challenger');
  expect(await statuses(request.name)).toEqual({ [first]: 'Approved', [second]: 'Rejected', [third]: 'Approved' });
  await registry.setAlias(request.name, 'champion', first);
  expect(await statuses(request.name)).toEqual({ [first]: 'Approved', [second]: 'Rejected', [third]: 'Rejected' });
  expect((await registry.getAlias(request.name, 'champion'))?.registryVersion).toBe(first);
});

test('a rollback over several versions leaves none of those in between approved', async () => {
  const registry = open();
  const request = registerRequest();
  const versions = [];
  for (const what of ['a', 'b', 'c']) {
    const { registryVersion } = await registry.register({ ...request, candidateDigest: digestOfBytes(what) });
    await registry.setAlias(request.name, 'champion', registryVersion);
    versions.push(registryVersion);
  }
  const [first, second, third] = versions as [string, string, string];
  await registry.setAlias(request.name, 'champion', first);
  expect(await statuses(request.name)).toEqual({ [first]: 'Approved', [second]: 'Rejected', [third]: 'Rejected' });
});

test('an alias that could not be moved whole stays where it was, and the next try does the rest', async () => {
  const registry = open();
  const request = registerRequest();
  const { registryVersion: first } = await registry.register(request);
  const { registryVersion: second } = await registry.register({ ...request, candidateDigest: digestOfBytes('second') });
  await registry.setAlias(request.name, 'champion', first);
  await registry.setAlias(request.name, 'challenger', second);
  fake.fail('UpdateModelPackage', { kind: 'error', status: 400, type: 'AccessDeniedException' });
  await expect(registry.setAlias(request.name, 'champion', second)).rejects.toMatchObject({ type: 'AccessDenied' });
  expect((await registry.getAlias(request.name, 'champion'))?.registryVersion).toBe(first);
  await registry.setAlias(request.name, 'champion', second);
  await registry.deleteAlias(request.name, 'challenger');
  expect(await statuses(request.name)).toEqual({ [first]: 'Approved', [second]: 'Approved' });
});

test('registers a version again that somebody deleted, though SageMaker remembers the first request', async () => {
  const registry = open();
  const request = registerRequest();
  const first = await registry.register(request);
  await sageMakerItself().deleteModelPackage({ ModelPackageName: arnOf(request.name, first.registryVersion) });
  const second = await registry.register(request);
  expect(Number(second.registryVersion)).toBeGreaterThan(Number(first.registryVersion));
  expect(await registry.register(request)).toEqual(second);
});

test('names the model, the evaluation and the commit where SageMaker looks for lineage', async () => {
  const hex = 'ab'.repeat(32);
  const request = registerRequest({ source: `s3://bucket/team/objects/sha256/ab/${hex}` });
  const tags = { ...request.tags, 'ratchet.evidence.evaluate': `sha256:${'cd'.repeat(32)}`, 'ratchet.commit': '0123abc' };
  const { registryVersion } = await open().register({ ...request, tags });
  expect(await sageMakerItself().describeModelPackage({ ModelPackageName: arnOf(request.name, registryVersion) })).toMatchObject({
    SourceUri: request.source,
    ModelApprovalStatus: 'PendingManualApproval',
    MetadataProperties: { GeneratedBy: 'ratchet', CommitId: '0123abc' },
    ModelMetrics: { ModelQuality: { Statistics: { S3Uri: `s3://bucket/team/objects/sha256/cd/${'cd'.repeat(32)}` } } },
  });
});

test('finds the version whose answer was lost', async () => {
  const request = registerRequest();
  fake.fail('CreateModelPackage', { kind: 'lostReply' });
  const first = await open().register(request);
  expect(first.registryVersion).toBe('1');
  expect(await open().register(request)).toEqual(first);
});

test.for<[says: string, type: string, status: number, failure: string]>([
  ['slow down', 'ThrottlingException', 400, 'RegistryUnavailable'],
  ['an error of its own', 'InternalFailure', 500, 'RegistryUnavailable'],
  ['credentials have run out', 'ExpiredTokenException', 403, 'RegistryUnavailable'],
  ['no right', 'AccessDeniedException', 400, 'AccessDenied'],
])('tells apart: %s', { timeout: 60_000 }, async ([, type, status, failure]) => {
  const request = registerRequest();
  fake.fail('ListModelPackages', { kind: 'error', type, status }, 20);
  const error = await open()
    .register(request)
    .catch((found: unknown) => found);
  fake.mend();
  expect(error).toMatchObject({ type: failure, message: expect.stringContaining(type) });
  expect(JSON.stringify(error) + String(error)).not.toContain('top-secret');
});
