import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { sageMakerName } from '../../../src/adapters/sagemaker/job-name.js';
import { jobEnd, nodeJob, runJob, untilJob } from '../../contracts/job-cluster.js';
import { polling, useSageMaker } from './sagemaker-in-test.js';

const signal = new AbortController().signal;

describe.skipIf(inject('versitygw') === null)('with a real S3 server (skipped where there is no Go to build it)', () => {
  const { open, fake, secret } = useSageMaker();

  test('goes on from its checkpoint when the spot machine is taken away, and forgets it when told', async () => {
    const { cluster, objectStore } = open();
    const code = `const place = process.env.RATCHET_CHECKPOINTS + '/step';
      if (fs.existsSync(place)) { write({ from: fs.readFileSync(place, 'utf8') }); process.exit(0); }
      process.on('SIGTERM', () => { fs.writeFileSync(place, '7'); process.exit(0); });
      console.log('at work'); setInterval(() => {}, 1000);`;
    const spec = nodeJob(code, { checkpoints: 'm/train-77' });
    await cluster.submit(spec, signal);
    await expect.poll(() => cluster.logs(spec.name), { timeout: 20_000 }).toContain('at work');
    fake().interrupt(sageMakerName('ratchet', spec.name));
    expect(await jobEnd(cluster, spec.name)).toMatchObject({ phase: 'Succeeded', output: { from: '7' } });
    expect(await objectStore.list('checkpoints/m/train-77')).toEqual(['checkpoints/m/train-77/step']);
    await cluster.clearCheckpoints('m/train-77');
    await cluster.clearCheckpoints('m/train-77');
    expect(await objectStore.list('checkpoints/')).toEqual([]);
  });

  test.for<[says: string, ending: Parameters<ReturnType<typeof fake>['endNext']>[0], type: string, failureClass: string]>([
    [
      'no machine came',
      { status: 'Failed', secondary: 'Failed', reason: 'CapacityError: Unable to provision requested ML compute capacity.' },
      'ClusterFull',
      'transient',
    ],
    ['no spot machine came in time', { status: 'Stopped', secondary: 'MaxWaitTimeExceeded' }, 'ClusterFull', 'transient'],
    [
      'its machine broke',
      { status: 'Failed', secondary: 'Failed', reason: 'InternalServerError: We encountered an internal error.' },
      'JobLost',
      'lost',
    ],
    ['SageMaker’s own time limit', { status: 'Stopped', secondary: 'MaxRuntimeExceeded' }, 'JobTimedOut', 'invalid'],
    ['stopped in the console', { status: 'Stopped', secondary: 'Stopped' }, 'JobStopped', 'lost'],
    [
      'too little memory',
      { status: 'Failed', secondary: 'Failed', reason: 'ClientError: Please use an instance type with more memory' },
      'JobOutOfMemory',
      'starved',
    ],
    [
      'the kernel killed the container',
      { status: 'Failed', secondary: 'Failed', reason: 'AlgorithmError: , exit code: 137' },
      'JobOutOfMemory',
      'starved',
    ],
    [
      'an image that is not there',
      { status: 'Failed', secondary: 'Failed', reason: 'ClientError: Cannot find repository' },
      'JobSpecInvalid',
      'invalid',
    ],
    [
      'wrong input, told by exit code alone',
      { status: 'Failed', secondary: 'Failed', reason: 'AlgorithmError: WindowEmpty: no rows, exit code: 64' },
      'WindowEmpty',
      'invalid',
    ],
    ['an entrypoint that is no runner', { status: 'Completed', secondary: 'Completed' }, 'JobOutputMissing', 'invalid'],
  ])('tells apart by SageMaker’s reason: %s', async ([, ending, type]) => {
    const { cluster } = open();
    fake().endNext(ending);
    expect(await runJob(cluster, nodeJob('write(1)'))).toMatchObject({ phase: 'Failed', failure: { type } });
  });

  test.for<[says: string, type: string, failure: string, failureClass: string]>([
    ['a quota that others use up', 'ResourceLimitExceeded', 'ClusterFull', 'transient'],
    ['credentials that have run out', 'ExpiredTokenException', 'ClusterUnavailable', 'transient'],
    ['a right that is missing', 'AccessDeniedException', 'AccessDenied', 'invalid'],
    ['a request that it does not take', 'ValidationException', 'JobSpecInvalid', 'invalid'],
  ])('says at the start: %s', async ([, type, failure, failureClass]) => {
    const { cluster } = open();
    const spec = nodeJob('write(1)');
    fake().fail('CreateTrainingJob', { kind: 'error', status: 400, type });
    const error = await cluster.submit(spec, signal).catch((found: unknown) => found);
    expect(error).toMatchObject({
      type: failure,
      class: failureClass,
      message: expect.stringContaining(type),
      remedy: expect.stringMatching(/./),
    });
    expect(JSON.stringify(error) + String(error)).not.toContain(secret());
    await cluster.submit(spec, signal); // asked again, once it has passed
    expect(await jobEnd(cluster, spec.name)).toMatchObject({ phase: 'Succeeded' });
  });

  test('a watch outlives throttling and credentials that expire under it, beating all the time', async () => {
    const { cluster } = open();
    const spec = nodeJob("setTimeout(() => write('done'), 1500)");
    await cluster.submit(spec, signal);
    await untilJob(cluster, spec.name, ({ phase }) => phase === 'Running');
    fake().fail('ListTrainingJobs', { kind: 'error', status: 403, type: 'ExpiredTokenException' }, 3);
    fake().fail('DescribeTrainingJob', { kind: 'error', status: 400, type: 'ThrottlingException' }, 2);
    expect(await jobEnd(cluster, spec.name)).toMatchObject({ phase: 'Succeeded', output: 'done' });
    fake().mend();
  });

  test('a watch that cannot see for too long says so, to be taken up again, and the job goes on', async () => {
    const { cluster } = open({ polling: { ...polling, troubleMsMax: 200 } });
    const spec = nodeJob('setInterval(() => {}, 1000)');
    await cluster.submit(spec, signal);
    for (const operation of ['ListTrainingJobs', 'DescribeTrainingJob'])
      fake().fail(operation, { kind: 'error', status: 400, type: 'AccessDeniedException' }, 1000);
    await expect(jobEnd(cluster, spec.name)).rejects.toMatchObject({ type: 'ClusterUnavailable', class: 'transient' });
    fake().mend();
    expect(await cluster.describe(spec.name)).toMatchObject({ failure: null });
    await cluster.stop(spec.name);
  });

  test('a dozen watched jobs cost a look, not a dozen', async () => {
    const { cluster } = open({ polling: { ...polling, describeEveryMs: 600_000 } });
    const specs = Array.from({ length: 12 }, () => nodeJob('setInterval(() => {}, 1000)'));
    // Jobs that wait for a machine: no process is started.
    fake().hold(true);
    onTestFinished(() => fake().hold(false));
    await Promise.all(specs.map((spec) => cluster.submit(spec, signal)));
    const watcher = new AbortController();
    onTestFinished(() => watcher.abort());
    const seen = new Set<string>();
    const watches = specs.map(async ({ name }) => {
      for await (const job of cluster.watch(name, { signal: watcher.signal, heartbeatMs: 100 })) if (job.progress) seen.add(name);
    });
    await expect.poll(() => seen.size, { timeout: 60_000 }).toBe(12);
    const before = fake().calls.length;
    const looks = () =>
      fake()
        .calls.slice(before)
        .filter((call) => call === 'ListTrainingJobs').length;
    await expect.poll(looks, { timeout: 60_000 }).toBeGreaterThan(5);
    expect(
      fake()
        .calls.slice(before)
        .filter((call) => call === 'DescribeTrainingJob'),
    ).toEqual([]);
    watcher.abort();
    await Promise.allSettled(watches);
    await Promise.all(specs.map(({ name }) => cluster.stop(name)));
  });

  test('a name too long for SageMaker is the same each time, and lists find it', async () => {
    const { cluster } = open();
    const name = `${'long-model-name-'.repeat(3)}x-c1234-refit-a11`;
    const spec = nodeJob('setInterval(() => {}, 1000)', { name, model: `${'long-model-name-'.repeat(3)}x`, cycle: 1234, stage: 'refit' });
    expect(sageMakerName('ratchet', name)).toMatch(/^[a-z0-9-]{1,63}$/);
    await cluster.submit(spec, signal);
    expect(await cluster.listRunning()).toContainEqual({ name, model: spec.model, cycle: 1234 });
    await cluster.stop(name);
  });

  test('a job of the same name that another Ratchet started is a conflict', async () => {
    const spec = nodeJob('write(1)');
    await runJob(open().cluster, spec);
    await expect(open().cluster.submit({ ...spec, timeLimitSeconds: 61 }, signal)).rejects.toMatchObject({
      type: 'JobConflict',
      remedy: expect.stringContaining('RATCHET_SAGEMAKER_NAME_PREFIX'),
    });
    await open({ namePrefix: 'other' }).cluster.submit({ ...spec, timeLimitSeconds: 61 }, signal);
  });
});
