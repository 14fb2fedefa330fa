import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createSageMakerMetricSource } from '../../../src/adapters/sagemaker/endpoint-metric-source.js';
import { askingFor } from '../../../src/adapters/sagemaker/endpoint-api.js';
import { variantName } from '../../../src/adapters/sagemaker/endpoint-entry.js';
import { askedForMetrics } from '../../../src/adapters/sagemaker/read-sums.js';
import { lazySageMaker } from '../../../src/adapters/sagemaker/sagemaker-client.js';
import { servedModels } from '../../../src/adapters/sagemaker/served-model.js';
import { digestOfBytes } from '../../../src/domain/digest.js';
import type { SageMakerServers } from '../../../src/domain/sagemaker-servers.js';
import { describeMetricSource } from '../../contracts/metric-source.js';
import { instanceOf } from '../../contracts/serving.js';
import type { CountedMetric } from '../../fakes/sagemaker/cloudwatch.js';
import { startFakeSageMaker } from '../../fakes/sagemaker/server.js';
import { servers, useEndpoints } from './endpoints-in-test.js';

const { fake } = useEndpoints();
const keys = { AWS_ACCESS_KEY_ID: 'ratchet-test', AWS_SECRET_ACCESS_KEY: 'top-secret' };
const roleArn = 'arn:aws:iam::000000000000:role/ratchet-server';
const MINUTE_MS = 60_000;
const LAG_SECONDS = 120;
const signal = AbortSignal.timeout(100_000);
const instances = { champion: 'm-1', challenger: 'm-2' };
let openings = 0;

/** Two instances whose counts a test gives, and a clock that a test turns, CloudWatch's too; it stands at the begin of a minute. */
async function open(change: Partial<SageMakerServers> = {}, world = fake(), startMs = Date.now()) {
  const namePrefix = `c${++openings}`;
  const environment = { ...keys, ...world.environment };
  const account = { roleArn, namePrefix, environment };
  const models = servedModels(askingFor(lazySageMaker(environment), askedForMetrics), account);
  for (const name of Object.values(instances))
    await models.create(instanceOf(digestOfBytes('model'), { name, model: 'm' }), digestOfBytes('order'), 's3://bucket/team', {
      ...servers,
      ...change,
    });
  const beginMs = Math.floor(startMs / MINUTE_MS) * MINUTE_MS;
  const clock = { nowMs: beginMs };
  world.cloudWatch.setClock(() => clock.nowMs);
  const openSource = () => createSageMakerMetricSource({ ...account, lagSeconds: LAG_SECONDS, now: () => clock.nowMs });
  const periodSeconds = change.metricsSeconds ?? 60;
  /** So many of a metric in the period that lies so many seconds after the begin. */
  const add = (instance: string, metric: CountedMetric, value: number, afterSeconds = 0): void =>
    world.cloudWatch.add(`${namePrefix}-m`, variantName(instance), metric, value, {
      beginMs: beginMs + afterSeconds * 1000,
      periodSeconds,
    });
  const answers = (instance: string, requests: number, errors: number, afterSeconds = 0): void => {
    add(instance, 'Invocations', requests, afterSeconds);
    add(instance, 'Invocation4XXErrors', 0, afterSeconds);
    add(instance, 'Invocation5XXErrors', errors, afterSeconds);
  };
  const source = openSource();
  const read = async (from = source) => {
    const { atMs, arms } = await from.read(instances, 'request', signal);
    const pair = (arm: keyof typeof instances) => [arms[arm]!.units, arms[arm]!.errors];
    return { after: (atMs - beginMs) / 1000, champion: pair('champion'), challenger: pair('challenger') };
  };
  return { world, source, openSource, clock, beginMs, add, answers, read };
}

describeMetricSource(
  'SageMaker',
  async () => {
    // Its own, for its end.
    const world = await startFakeSageMaker({ home: '/nowhere', buckets: '', image: {} });
    // Some minutes ago, but on the day on which its models are made: what was before is nobody's.
    const startMs = Math.max(new Date().setUTCHours(0, 0, 0, 0), Date.now() - 5 * MINUTE_MS);
    const { source, clock, beginMs, add } = await open({}, world, startMs);
    let minutes = 0;
    return {
      source,
      instances,
      async ask(times, status) {
        for (const instance of Object.values(instances)) {
          add(instance, 'Invocations', times / 2, minutes * 60);
          add(instance, 'Invocation4XXErrors', status < 500 && status >= 400 ? times / 2 : 0, minutes * 60);
          add(instance, 'Invocation5XXErrors', status >= 500 ? times / 2 : 0, minutes * 60);
        }
        clock.nowMs = beginMs + ++minutes * MINUTE_MS + LAG_SECONDS * 1000;
      },
      end: () => world.stop(),
    };
  },
  { hasLatency: false },
);

test('a minute that is not over, or not for long enough, is no data', async () => {
  const { clock, beginMs, answers, read } = await open();
  answers('m-1', 100, 1);
  answers('m-2', 100, 2);
  answers('m-2', 50, 50, 60);
  clock.nowMs = beginMs + 179_000;
  expect(await read()).toEqual({ after: 0, champion: [0, 0], challenger: [0, 0] });
  clock.nowMs = beginMs + 180_000;
  expect(await read()).toEqual({ after: 60, champion: [100, 1], challenger: [100, 2] });
  clock.nowMs = beginMs + 240_000;
  expect(await read()).toEqual({ after: 120, champion: [100, 1], challenger: [150, 52] });
});

test('what comes late is counted with the next reading, and never lost', async () => {
  const { clock, beginMs, answers, read } = await open();
  answers('m-1', 100, 0);
  answers('m-2', 40, 0);
  clock.nowMs = beginMs + 200_000;
  expect(await read()).toMatchObject({ after: 60, challenger: [40, 0] });
  answers('m-2', 60, 9);
  clock.nowMs = beginMs + 260_000;
  expect(await read()).toMatchObject({ after: 120, challenger: [100, 9] });
});

test('while it is not told what became of requests, a reading ends before them; what stays so is left out', async () => {
  const { clock, beginMs, answers, add, read } = await open();
  answers('m-1', 100, 0);
  answers('m-2', 100, 0);
  add('m-2', 'Invocations', 70, 60);
  answers('m-1', 100, 3, 120);
  clock.nowMs = beginMs + 300_000;
  expect(await read()).toEqual({ after: 60, champion: [100, 0], challenger: [100, 0] });
  clock.nowMs = beginMs + 1_100_000;
  expect(await read()).toMatchObject({ champion: [200, 3], challenger: [100, 0] });
});

test('requests that nothing answered are errors', async () => {
  const { clock, beginMs, add, read } = await open();
  add('m-2', 'Invocations', 30);
  add('m-2', 'InvocationModelErrors', 30);
  clock.nowMs = beginMs + 180_000;
  expect(await read()).toMatchObject({ after: 60, challenger: [30, 30] });
});

test('every worker reads the same, today and a month later, page by page', async () => {
  const { world, clock, beginMs, answers, read, openSource } = await open();
  for (let minute = 0; minute < 20; minute++) answers('m-2', 10, 1, minute * 60);
  world.cloudWatch.pageBy(7);
  clock.nowMs = beginMs + 30 * MINUTE_MS;
  expect(await read()).toMatchObject({ challenger: [200, 20] });
  expect(await read(openSource())).toMatchObject({ challenger: [200, 20] });
  world.cloudWatch.pageBy(100_800);
  clock.nowMs = beginMs + 30 * 86_400_000;
  expect(await read()).toMatchObject({ challenger: [200, 20] });
  expect(await read(openSource())).toMatchObject({ challenger: [200, 20] });
});

test.for([60, 10] as const)('over days, told each %i s, no request is counted twice or missed', async (metricsSeconds) => {
  const { clock, beginMs, answers, read, openSource } = await open({ metricsSeconds });
  const everySeconds = 37 * 60;
  const wrong: object[] = [];
  for (let told = 0, after = 0; after < 60 * 3600; after += 1800) {
    for (; told * everySeconds <= after; told++) answers('m-2', 10, 1, told * everySeconds);
    clock.nowMs = beginMs + after * 1000;
    // A period counts once it has ended and the lag is over.
    const whole = Math.max(0, Math.floor((after - LAG_SECONDS - metricsSeconds) / everySeconds) + 1);
    for (const source of [undefined, openSource()]) {
      const { challenger } = await read(source);
      if (challenger[0] !== whole * 10 || challenger[1] !== whole) wrong.push({ after, challenger, whole });
    }
  }
  expect(wrong).toEqual([]);
});

test('where SageMaker tells every ten seconds, so it is read', async () => {
  const { clock, beginMs, answers, read } = await open({ metricsSeconds: 10 });
  answers('m-2', 5, 0);
  answers('m-2', 7, 1, 10);
  clock.nowMs = beginMs + 130_000;
  expect(await read()).toMatchObject({ after: 10, challenger: [5, 0] });
  clock.nowMs = beginMs + 140_000;
  expect(await read()).toMatchObject({ after: 20, challenger: [12, 1] });
});

test('throttling is waited for; credentials that ran out, rights that are missing and a part alone are told as such', async () => {
  const { world, clock, beginMs, answers, read, source } = await open();
  answers('m-2', 10, 0);
  clock.nowMs = beginMs + 180_000;
  world.fail('GetMetricData', { kind: 'error', status: 400, type: 'ThrottlingException' }, 2);
  expect(await read()).toMatchObject({ challenger: [10, 0] });
  world.fail('GetMetricData', { kind: 'error', status: 403, type: 'ExpiredTokenException' });
  await expect(read()).rejects.toMatchObject({ type: 'MetricsUnavailable', remedy: expect.stringContaining('renew') });
  world.fail('GetMetricData', { kind: 'error', status: 403, type: 'AccessDenied' });
  await expect(read()).rejects.toMatchObject({ type: 'AccessDenied', message: expect.not.stringContaining('top-secret') });
  world.fail('GetMetricData', { kind: 'broken' });
  expect(await read()).toMatchObject({ challenger: [10, 0] });
  await expect(source.read(instances, 'key', signal)).rejects.toMatchObject({ remedy: 'write rollout.unit: request' });
  await expect(source.read({ champion: 'm-9' }, 'request', signal)).rejects.toMatchObject({ type: 'MetricsUnavailable' });
});

test('a reading that is given up asks no longer', async () => {
  const { world, source } = await open();
  world.fail('GetMetricData', { kind: 'error', status: 500, type: 'InternalFailure' }, 50);
  const stopped = new AbortController();
  const reading = source.read(instances, 'request', stopped.signal);
  await sleep(50);
  stopped.abort();
  await expect(reading).rejects.toThrow(/abort/i);
  world.mend();
});
