import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Patience } from '../../src/adapters/kubernetes/patience.js';
import type { Job, JobSpec } from '../../src/domain/job.js';
import type { JobCluster } from '../../src/ports/job-cluster.js';
import { untilJob } from '../contracts/job-cluster.js';
import { addSilentNode, type SilentNode } from '../servers/silent-node.js';
import { startTcpGate, type TcpGate } from '../servers/tcp-gate.js';
import { fatedJob, openJobCluster } from './open-job-cluster.js';

const { signal } = new AbortController();

describe.skipIf(inject('kubernetes') === null)('watches that cannot see (skipped where no control plane was built)', () => {
  let opened: Awaited<ReturnType<typeof openJobCluster>>;
  let node: SilentNode;
  const close: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    opened = await openJobCluster();
    close.push(() => opened.cluster.close());
  });
  // One for each: nobody hears of it, so within a minute nothing more is put on it.
  beforeEach(async () => {
    node = await addSilentNode(opened.kubectl);
    const { remove } = node;
    close.push(remove);
  });
  afterAll(async () => {
    for (const each of close.toReversed()) await each();
  });

  /** A worker that reaches the API server through a gate. */
  async function openThroughGate(patience: Partial<Patience> = {}): Promise<{ cluster: JobCluster; gate: TcpGate }> {
    const target = opened.kubeConfig.getCurrentCluster()!;
    const gate = await startTcpGate(Number(new URL(target.server).port));
    const kubeConfig = new KubeConfig();
    const server = `https://127.0.0.1:${gate.port}`;
    kubeConfig.loadFromClusterAndUser({ ...target, server }, opened.kubeConfig.getCurrentUser()!);
    const cluster = opened.open({ kubeConfig, patience });
    close.push(() => gate.stop(), () => cluster.close()); // prettier-ignore
    return { cluster, gate };
  }

  /** Both its watches have seen it: they began before it was there. */
  async function placed(cluster: JobCluster, pendingSecondsMax = 30): Promise<JobSpec> {
    const spec = fatedJob({}, { graceSeconds: 1 }, { nodeSelector: node.nodeSelector, pendingSecondsMax });
    await cluster.listRunning();
    await cluster.submit(spec, signal);
    await expect.poll(() => cluster.listRunning()).toContainEqual(expect.objectContaining({ name: spec.name }));
    await untilJob(cluster, spec.name, ({ progress }) => /to start on node silent/.test(progress?.message ?? ''));
    return spec;
  }

  /** Watches on; what it was last told. */
  function watchOn(cluster: JobCluster, name: string): { last(): Job | null; end: Promise<unknown> } {
    let last: Job | null = null;
    const end = (async () => {
      for await (const job of cluster.watch(name, { signal, heartbeatMs: 200 })) last = job;
      return last;
    })().catch((error: unknown) => error);
    return { last: () => last, end };
  }

  test('a job that starts while the API server cannot be reached is not given up for having waited', async () => {
    const { cluster, gate } = await openThroughGate();
    const { name } = await placed(cluster);
    const { last } = watchOn(cluster, name);
    gate.cut();
    await node.sayRunning(opened.namespace, name);
    const words = /^waits for the API server, .*expected room for it within 30 s, found its pod to start on node silent/;
    await expect.poll(() => last()?.progress?.message, { timeout: 180_000 }).toMatch(words);
    expect(last()).toMatchObject({ phase: 'Pending', failure: null });
    gate.open();
    await expect.poll(last, { timeout: 180_000 }).toMatchObject({ phase: 'Running', failure: null });
  });

  test('a job that starts while its watch is silent is asked for before it is given up', async () => {
    const { cluster, gate } = await openThroughGate();
    const { name } = await placed(cluster);
    const { last } = watchOn(cluster, name);
    await expect.poll(last).not.toBeNull();
    gate.silenceOpen();
    await node.sayRunning(opened.namespace, name);
    expect(last()).toMatchObject({ phase: 'Pending' });
    await expect.poll(last, { timeout: 180_000 }).toMatchObject({ phase: 'Running', failure: null });
  });

  test('a connection that has fallen silent is made anew, and what happened meanwhile is seen', async () => {
    const { cluster, gate } = await openThroughGate({ silentMsMax: 2000 });
    const { name } = await placed(cluster, 3600);
    const { last } = watchOn(cluster, name);
    gate.silenceOpen();
    await node.sayRunning(opened.namespace, name);
    await expect.poll(last, { timeout: 180_000 }).toMatchObject({ phase: 'Running', failure: null });
  });

  test('where nobody answers any more, the watch of a job ends as transient and says so', async () => {
    const { cluster, gate } = await openThroughGate({ silentMsMax: 2000, troubleMsMax: 5000 });
    const { name } = await placed(cluster, 3600);
    const { end } = watchOn(cluster, name);
    gate.silenceNew();
    gate.silenceOpen();
    expect(await end).toMatchObject({
      type: 'ClusterUnavailable',
      class: 'transient',
      message: expect.stringMatching(/could not be watched for \d+ s: .* within 2 s, heard nothing$/),
      remedy: expect.stringMatching(/does not reach the API server; the watch goes on by itself/),
    });
  });

  test('where the worker may not look any more, the watch says what it lacks, and goes on when it has it', async () => {
    const { cluster, gate } = await openThroughGate({ troubleMsMax: 3000 });
    const { name } = await placed(cluster, 3600);
    const { end } = watchOn(cluster, name);
    gate.cut();
    await opened.run('delete', 'rolebinding', 'ratchet-worker');
    const worker = `system:serviceaccount:${opened.namespace}:ratchet-worker`;
    const mayLook = () => opened.run('auth', 'can-i', 'watch', 'pods', `--as=${worker}`).catch(String);
    await expect.poll(mayLook, { timeout: 180_000 }).not.toMatch(/^yes/);
    gate.open();
    expect(await end).toMatchObject({
      type: 'ClusterUnavailable',
      class: 'transient',
      message: expect.stringMatching(/\/(jobs|pods): the Kubernetes API server said 403: Forbidden/),
      remedy: expect.stringMatching(/worker-rbac\.yaml.*the watch goes on by itself/),
    });
    await opened.applyRights();
    const seen = async () => (await untilJob(cluster, name, () => true)).phase;
    await expect.poll(seen, { timeout: 60_000 }).toBe('Pending');
  });
});
