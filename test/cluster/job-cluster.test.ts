import { afterAll, describe, expect, inject, test } from 'vitest';
import { jobEnd, runJob, untilJob } from '../contracts/job-cluster.js';
import { done, fatedJob, never, openJobCluster } from './open-job-cluster.js';

const { signal } = new AbortController();

describe.skipIf(inject('kubernetes') === null)('jobs on a Kubernetes control plane (skipped where none was built)', async () => {
  const shared = inject('kubernetes') === null ? null! : await openJobCluster();
  const cluster = shared?.cluster;
  afterAll(() => cluster?.close());

  test('a job’s result is its pod’s last word, and stays known when Job and pod are gone', async () => {
    const spec = fatedJob(done({ auc: 0.9 }));
    expect(await runJob(cluster, spec)).toMatchObject({ name: spec.name, phase: 'Succeeded', output: { auc: 0.9 }, failure: null });
    await shared.run('delete', 'job', spec.name, '--wait');
    await cluster.submit(spec, signal);
    expect(await shared.read('jobs', '-l', 'ratchet.dev/model=m')).toMatchObject({ items: [] });
    expect(await cluster.describe(spec.name)).toMatchObject({ phase: 'Succeeded', output: { auc: 0.9 } });
    await expect(cluster.submit({ ...spec, input: 1 }, signal)).rejects.toMatchObject({ type: 'JobConflict' });
  });

  test('everything that the model file asks for is in the pod', async () => {
    const spec = fatedJob(
      never,
      { resources: { cpus: 4, memoryMiB: 8192, gpus: 2 }, timeLimitSeconds: 1000 },
      {
        nodeSelector: { type: 'kwok' },
        tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
        serviceAccount: 'trainer',
        secrets: [{ variable: 'AWS_SECRET_ACCESS_KEY', secret: 'store', key: 'secret' }],
        volumes: [{ claim: 'data', mountPath: '/data', subPath: 'm', readOnly: true }],
        pendingSecondsMax: 60,
      },
    );
    await cluster.submit(spec, signal);
    expect(await shared.read('job', spec.name, '--show-managed-fields')).toMatchObject({
      metadata: { labels: { 'ratchet.dev/model': 'm', 'ratchet.dev/cycle': '3' }, managedFields: expect.arrayContaining([expect.objectContaining({ manager: 'ratchet', operation: 'Apply' })]) }, // prettier-ignore
      spec: {
        backoffLimit: 0,
        podReplacementPolicy: 'Failed',
        activeDeadlineSeconds: 1060,
        ttlSecondsAfterFinished: 7 * 86_400,
        podFailurePolicy: { rules: [{ action: 'FailJob' }, { action: 'FailJob' }] },
        template: {
          spec: {
            activeDeadlineSeconds: 1000,
            serviceAccountName: 'trainer',
            automountServiceAccountToken: false,
            nodeSelector: { type: 'kwok' },
            securityContext: { runAsNonRoot: true, runAsUser: 10_001 },
            containers: [
              {
                image: 'registry.example/trainer@sha256:0',
                resources: {
                  requests: { cpu: '4', memory: '8Gi', 'nvidia.com/gpu': '2' },
                  limits: { memory: '8Gi', 'nvidia.com/gpu': '2' },
                },
                env: expect.arrayContaining([
                  { name: 'AWS_SECRET_ACCESS_KEY', valueFrom: { secretKeyRef: { name: 'store', key: 'secret' } } },
                  { name: 'RATCHET_INPUT', value: '/ratchet/given/input.json' },
                ]),
                volumeMounts: expect.arrayContaining([expect.objectContaining({ mountPath: '/data', subPath: 'm', readOnly: true })]),
              },
            ],
          },
        },
      },
    });
    const given = (await shared.read('configmap', spec.name)) as { binaryData: Record<string, string> };
    expect(JSON.parse(Buffer.from(given.binaryData['input.json']!, 'base64').toString())).toEqual(spec.input);
    await cluster.stop(spec.name);
  });

  test.for<[says: string, fate: Record<string, string>, type: string, message: RegExp]>([
    ['exit code 64 is wrong input', { KWOK_EXIT: '64', KWOK_MESSAGE: 'noise\nWindowEmpty: no rows' }, 'WindowEmpty', /^no rows$/],
    ['exit code 75 is temporary', { KWOK_EXIT: '75', KWOK_MESSAGE: 'later' }, 'JobTemporary', /later/],
    ['any other exit is a failure', { KWOK_EXIT: '1', KWOK_MESSAGE: 'ValueError: bad' }, 'JobFailed', /exit code 1: ValueError: bad/],
    ['the kernel ended it for memory', { KWOK_EXIT: '137', KWOK_REASON: 'OOMKilled' }, 'JobOutOfMemory', /at most 1024 MiB.*OOMKilled/],
    ['somebody killed it', { KWOK_EXIT: '137' }, 'JobLost', /SIGKILL/],
    ['it crashed', { KWOK_EXIT: '139' }, 'JobFailed', /SIGSEGV/],
    ['no result', {}, 'JobOutputMissing', /found no file/],
    ['a result that is no JSON', { KWOK_MESSAGE: '{"auc": NaN}' }, 'JobOutputMissing', /found NaN/],
    ['a result that is too long', { KWOK_MESSAGE: JSON.stringify('x'.repeat(5000)) }, 'JobOutputMissing', /less than 4096 bytes/],
    ['its node ran short of memory', { KWOK_FATE: 'Evicted' }, 'JobLost', /evicted: .*low on resource: memory/],
  ])('tells apart: %s', async ([, fate, type, message]) => {
    expect(await runJob(cluster, fatedJob(fate))).toMatchObject({
      phase: 'Failed',
      output: null,
      failure: { type, message: expect.stringMatching(message) },
    });
  });

  test('an image that cannot be pulled is told while it waits, and then the job is given up', async () => {
    const spec = fatedJob({ KWOK_FATE: 'ImagePullBackOff' }, {}, { pendingSecondsMax: 6 });
    await cluster.submit(spec, signal);
    const waiting = await untilJob(cluster, spec.name, ({ progress }) => progress?.message?.includes('trainer.cluster.image') === true);
    expect(waiting).toMatchObject({ phase: 'Pending', progress: { message: expect.stringMatching(/^waits for .*Back-off pulling/) } });
    expect(await jobEnd(cluster, spec.name)).toMatchObject({
      failure: { type: 'JobSpecInvalid', message: expect.stringMatching(/check its name/) },
    });
    await cluster.stop(spec.name);
    expect(await cluster.describe(spec.name)).toMatchObject({ failure: { type: 'JobSpecInvalid' } });
    expect(await cluster.listRunning()).not.toContainEqual(expect.objectContaining({ name: spec.name }));
  });

  test('a job that no node has room for waits, and after its time the cluster is full', async () => {
    const spec = fatedJob(never, { resources: { cpus: 1, memoryMiB: 64, gpus: 100 } }, { pendingSecondsMax: 6 });
    await cluster.submit(spec, signal);
    const job = await jobEnd(cluster, spec.name);
    expect(job).toMatchObject({ failure: { type: 'ClusterFull', message: expect.stringMatching(/Insufficient nvidia.com\/gpu/) } });
    await cluster.stop(spec.name);
  });

  test('a Kueue queue’s job waits, suspended', async () => {
    const spec = fatedJob(done(1), {}, { queue: 'research' });
    await cluster.submit(spec, signal);
    expect(await shared.read('job', spec.name)).toMatchObject({
      metadata: { labels: { 'kueue.x-k8s.io/queue-name': 'research' } },
      spec: { suspend: true },
    });
    expect(await cluster.describe(spec.name)).toMatchObject({
      phase: 'Pending',
      progress: { message: 'waits for its turn in the Kueue queue' },
    });
    await shared.run('patch', 'job', spec.name, '--type=merge', '-p', '{"spec":{"suspend":false}}'); // as Kueue does
    expect(await jobEnd(cluster, spec.name)).toMatchObject({ phase: 'Succeeded', output: 1 });
  });

  test('one Job however many workers submit at once', async () => {
    const spec = fatedJob(done(1));
    const others = [shared.open(), shared.open(), shared.open()];
    await Promise.all([cluster, ...others].map((each) => each.submit(spec, signal)));
    const ends = await Promise.all(others.map((each) => jobEnd(each, spec.name)));
    const one = { output: 1, failure: null };
    expect(ends.map(({ output, failure }) => ({ output, failure }))).toEqual([one, one, one]);
    for (const other of others) other.close();
  });

  test('a name that is taken is refused, and nothing is overwritten, also where both come at once', async () => {
    const spec = fatedJob(never);
    await cluster.submit(spec, signal);
    const before = await shared.read('job', spec.name);
    for (const other of [
      { ...spec, input: { rows: 4 } },
      { ...spec, timeLimitSeconds: 5 },
    ])
      await expect(cluster.submit(other, signal)).rejects.toMatchObject({ type: 'JobConflict', class: 'conflict' });
    expect(await shared.read('job', spec.name)).toMatchObject({ metadata: { annotations: (before as { metadata: { annotations: object } }).metadata.annotations } }); // prettier-ignore
    await cluster.stop(spec.name);

    const [one, two] = [fatedJob(never), fatedJob(never)];
    const same = { ...two, name: one.name, input: 'other' };
    const results = await Promise.allSettled([cluster.submit(one, signal), cluster.submit(same, signal)]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await cluster.stop(one.name);
  });

  test('a job is listed while it runs, and a stopped one is gone and known to be stopped', async () => {
    const spec = fatedJob(never);
    await cluster.submit(spec, signal);
    await untilJob(cluster, spec.name, ({ phase }) => phase === 'Running');
    expect(await cluster.listRunning()).toContainEqual({ name: spec.name, model: 'm', cycle: 3 });
    const watched = jobEnd(cluster, spec.name);
    await cluster.stop(spec.name);
    await cluster.stop(spec.name);
    expect(await watched).toMatchObject({ phase: 'Failed', failure: { type: 'JobStopped' } });
    expect(await cluster.listRunning()).not.toContainEqual(expect.objectContaining({ name: spec.name }));
    expect(await shared.read('jobs', '-l', 'ratchet.dev/model=m', '--field-selector', `metadata.name=${spec.name}`)).toMatchObject({
      items: [],
    });
  });

  test('a job that was never submitted, and one whose Job somebody deleted, are lost', async () => {
    expect(await cluster.describe('m-c1-train-a1')).toBeNull();
    expect(await cluster.logs('m-c1-train-a1')).toBe('');
    await cluster.stop('m-c1-train-a1');
    await expect(jobEnd(cluster, 'm-c1-train-a1')).rejects.toMatchObject({ type: 'JobLost' });
    const spec = fatedJob(never);
    await cluster.submit(spec, signal);
    const watched = jobEnd(cluster, spec.name);
    await untilJob(cluster, spec.name, ({ phase }) => phase === 'Running');
    await Promise.all([expect(watched).rejects.toMatchObject({ type: 'JobLost' }), shared.run('delete', 'job', spec.name)]);
  });

  test('a namespace that the worker does not work in is refused by name', async () => {
    await expect(cluster.submit(fatedJob(never, {}, { namespace: 'other' }), signal)).rejects.toMatchObject({
      type: 'JobSpecInvalid',
      message: expect.stringContaining('cluster.namespace'),
    });
  });
});
