import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { jobEnd, untilJob } from '../contracts/job-cluster.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { nodeManifest, startTestKubernetes, type TestKubernetes } from '../servers/kubernetes.js';
import { done, fatedJob, never, openJobCluster } from './open-job-cluster.js';

const { signal } = new AbortController();
const shared = inject('kubernetes');

describe.skipIf(shared === null)('a Kubernetes cluster that fails (skipped where no control plane was built)', () => {
  let home: string;
  let servers: TestKubernetes;
  let objectStore: ReturnType<typeof createMemoryStore>;
  let opened: Awaited<ReturnType<typeof openJobCluster>>;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'ratchet-kubernetes-faults-'));
    servers = await startTestKubernetes(shared!.binary, home);
    objectStore = createMemoryStore();
    opened = await openJobCluster({ binary: shared!.binary, kubeconfig: servers.kubeconfig }, objectStore);
  });
  afterAll(async () => {
    opened?.cluster.close();
    await servers?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  test('while the API server is away for a minute a watch goes on, and what happens then is seen', { timeout: 400_000 }, async () => {
    const { cluster, kubectl, namespace } = opened;
    const spec = fatedJob(never);
    await cluster.submit(spec, signal);
    await untilJob(cluster, spec.name, ({ phase }) => phase === 'Running');
    let beats = 0;
    const heartbeatMs = 200;
    const watched = (async () => {
      let last;
      for await (const job of cluster.watch(spec.name, { signal, heartbeatMs })) {
        beats += 1;
        last = job;
      }
      return last;
    })();
    await servers.kill('kube-apiserver');
    const before = beats;
    await expect(cluster.submit(fatedJob(done(1)), signal)).rejects.toMatchObject({ type: 'ClusterUnavailable', class: 'transient' });
    await expect.poll(() => beats, { timeout: 300_000 }).toBeGreaterThan(before + 60_000 / heartbeatMs);
    await servers.startAgain('kube-apiserver');
    await kubectl(['-n', namespace, 'delete', 'pod', '-l', `batch.kubernetes.io/job-name=${spec.name}`]);
    expect(await watched).toMatchObject({ phase: 'Failed', failure: { type: 'JobLost' } });
  });

  test('where the resource version has become too old meanwhile, everything is listed anew', async () => {
    const { cluster } = opened;
    const [running, gone] = [fatedJob(never), fatedJob(never)];
    for (const spec of [running, gone]) {
      await cluster.submit(spec, signal);
      await untilJob(cluster, spec.name, ({ phase }) => phase === 'Running');
    }
    const watched = jobEnd(cluster, gone.name);
    const lost = watched.then(
      () => null,
      (error: unknown) => error,
    );
    await servers.kill('kube-apiserver');
    await servers.deleteInEtcd(`/registry/jobs/${opened.namespace}/${gone.name}`);
    await servers.startAgain('kube-apiserver');
    expect(await lost).toMatchObject({ type: 'JobLost' });
    expect(await cluster.describe(running.name)).toMatchObject({ phase: 'Running' });
    await cluster.stop(running.name);
  });

  test('a worker that dies after the Job was made and before its input was finds it again: one Job, one result', async () => {
    const { open, run, read } = opened;
    const spec = fatedJob(done({ rows: 3 }), {}, { nodeSelector: { 'kubernetes.io/hostname': 'later' } });
    const dying = open();
    await dying.submit(spec, signal);
    dying.close();
    await run('delete', 'configmap', spec.name); // as if it had died between the two
    const uid = ((await read('job', spec.name)) as { metadata: { uid: string } }).metadata.uid;
    const next = open();
    await next.submit(spec, signal);
    expect(await read('configmap', spec.name)).toMatchObject({ metadata: { ownerReferences: [{ uid }] } });
    await servers.kubectl(['apply', '-f', '-'], nodeManifest('later'));
    expect(await jobEnd(next, spec.name)).toMatchObject({ phase: 'Succeeded', output: { rows: 3 } });
    expect(await read('job', spec.name)).toMatchObject({ metadata: { uid } });
    expect([...objectStore.files.keys()].filter((key) => key.includes(spec.name))).toHaveLength(1);
    next.close();
  });

  test('a pod that is evicted through the API, as by a drain, is lost', async () => {
    const { cluster, evict } = opened;
    const spec = fatedJob(never);
    await cluster.submit(spec, signal);
    await untilJob(cluster, spec.name, ({ phase }) => phase === 'Running');
    await evict(spec.name);
    expect(await jobEnd(cluster, spec.name)).toMatchObject({ phase: 'Failed', failure: { type: 'JobLost', message: expect.stringMatching(/evicted: its node is being drained|gone/) } }); // prettier-ignore
  });

  test('a node that is gone takes its job with it: lost', async () => {
    const { cluster } = opened;
    await servers.kubectl(['apply', '-f', '-'], nodeManifest('short-lived'));
    const spec = fatedJob(never, {}, { nodeSelector: { 'kubernetes.io/hostname': 'short-lived' } });
    await cluster.submit(spec, signal);
    await untilJob(cluster, spec.name, ({ phase }) => phase === 'Running');
    await servers.kubectl(['delete', 'node', 'short-lived']);
    // The pod collector comes by every 20 s and lets a node be away for 40 s.
    expect(await jobEnd(cluster, spec.name)).toMatchObject({
      phase: 'Failed',
      failure: { type: 'JobLost', message: expect.stringMatching(/gone/) },
    });
  }, 240_000);

  test('a quota that is used up is told in Kubernetes’ own words, and the job is given up as one that found no room', async () => {
    const { cluster, run } = opened;
    await run('create', 'quota', 'none', '--hard=pods=0');
    try {
      const spec = fatedJob(done(1), {}, { pendingSecondsMax: 6 });
      await cluster.submit(spec, signal);
      expect(await jobEnd(cluster, spec.name)).toMatchObject({
        failure: { type: 'ClusterFull', message: expect.stringMatching(/exceeded quota: none/) },
      });
      await cluster.stop(spec.name);
      await run('create', 'quota', 'no-jobs', '--hard=count/jobs.batch=0');
      await expect(cluster.submit(fatedJob(done(1)), signal)).rejects.toMatchObject({ type: 'ClusterFull' });
    } finally {
      await run('delete', 'quota', '--all');
    }
  });

  test('what the account may not do is said, with the manifest that lets it', async () => {
    const { open, run } = opened;
    await run('delete', 'rolebinding', 'ratchet-worker');
    const cluster = open();
    await expect(cluster.submit(fatedJob(done(1)), signal)).rejects.toMatchObject({
      type: 'AccessDenied',
      message: expect.stringMatching(/jobs.batch .* is forbidden/),
      remedy: expect.stringContaining('worker-rbac.yaml'),
    });
    cluster.close();
  });
});
