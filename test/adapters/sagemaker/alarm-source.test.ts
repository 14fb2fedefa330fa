import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCloudWatchAlarms } from '../../../src/adapters/sagemaker/alarm-source.js';
import { startFakeSageMaker } from '../../fakes/sagemaker/server.js';

let fake: Awaited<ReturnType<typeof startFakeSageMaker>>;
const signal = AbortSignal.timeout(60_000);
const open = () =>
  createCloudWatchAlarms({ environment: { ...fake.environment, AWS_ACCESS_KEY_ID: 'ratchet-test', AWS_SECRET_ACCESS_KEY: 'top-secret' } });

beforeAll(async () => {
  fake = await startFakeSageMaker({ home: '/nowhere', buckets: '', image: {} });
});
afterAll(() => fake?.stop());

test('tells of each alarm that there is, of one metric or composed of others, in CloudWatch’s words', async () => {
  fake.cloudWatch.setAlarm('slow', { state: 'ALARM', reason: 'Threshold Crossed' });
  fake.cloudWatch.setAlarm('all', { state: 'OK', reason: '', type: 'CompositeAlarm' });
  fake.cloudWatch.setAlarm('young', { state: 'INSUFFICIENT_DATA', reason: 'Unchecked: Initial alarm creation' });
  fake.cloudWatch.setAlarm('other', { state: 'ALARM', reason: '' });
  const found = await open().read(['slow', 'never-made', 'all', 'young'], signal);
  expect(found).toHaveLength(3);
  expect(found).toEqual(
    expect.arrayContaining([
      { name: 'slow', state: 'ALARM', reason: 'Threshold Crossed' },
      { name: 'all', state: 'OK', reason: '' },
      { name: 'young', state: 'INSUFFICIENT_DATA', reason: 'Unchecked: Initial alarm creation' },
    ]),
  );
});

test('says where it may not ask, and what to do', async () => {
  fake.fail('DescribeAlarms', { kind: 'error', status: 403, type: 'AccessDenied' });
  await expect(open().read(['slow'], signal)).rejects.toMatchObject({
    type: 'AccessDenied',
    message: expect.stringContaining('CloudWatch DescribeAlarms'),
    remedy: expect.stringContaining('deploy/sagemaker'),
  });
});

test('says where CloudWatch is away', async () => {
  fake.fail('DescribeAlarms', { kind: 'error', status: 500, type: 'InternalServiceFault' }, 5);
  await expect(open().read(['slow'], signal)).rejects.toMatchObject({ type: 'MetricsUnavailable' });
});
