import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Job, JobSpec } from '../../src/domain/job.js';
import type { JobCluster } from '../../src/ports/job-cluster.js';
import { untilJob } from '../contracts/job-cluster.js';
import { addSilentNode, type SilentNode } from '../servers/silent-node.js';
import { startTcpGate, type TcpGate } from '../servers/tcp-gate.js';
import { fatedJob, openJobCluster } from './open-job-cluster.js';

const { signal } = new AbortController();
const pendingSecondsMax = 12;

describe.skipIf(inject('kubernetes') === null)('watches that cannot see (skipped where no control plane was built)', () => {
  let opened: Awaited<ReturnType<typeof openJobCluster>>;
  let node: SilentNode;
  const close: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    opened = await openJobCluster();
    close.push(() => opened.cluster.close());
    node = await addSilentNode(opened.kubectl);
    close.push(() => node.remove());
  });
  afterAll(async () => {
    for (const each of close.toReversed()) await each();
  });

  /** A worker that reaches the API server through a gate. */
  async function openThroughGate(): Promise<{ cluster: JobCluster; gate: TcpGate }> {
    const target = opened.kubeConfig.getCurrentCluster()!;
    const gate = await startTcpGate(Number(new URL(target.server).port));
    const kubeConfig = new KubeConfig();
    const server = `https://127.0.0.1:${gate.port}`;
    kubeConfig.loadFromClusterAndUser({ ...target, server }, opened.kubeConfig.getCurrentUser()!);
    const cluster = opened.open({ kubeConfig });
    close.push(() => gate.stop(), () => cluster.close()); // prettier-ignore
    return { cluster, gate };
  }

  /** Both its watches have seen it: they began before it was there. */
  async function placed(cluster: JobCluster, changes: Partial<JobSpec> = {}): Promise<JobSpec> {
    const spec = fatedJob({}, { graceSeconds: 1, ...changes }, { nodeSelector: node.nodeSelector, pendingSecondsMax });
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
    const words = /^waits for the API server, .*expected room for it within 12 s, found its pod to start on node silent/;
    await expect.poll(() => last()?.progress?.message, { timeout: 30_000 }).toMatch(words);
    expect(last()).toMatchObject({ phase: 'Pending', failure: null });
    gate.open();
    await expect.poll(last, { timeout: 30_000 }).toMatchObject({ phase: 'Running', failure: null });
  });

  test('a job that starts while its watch is silent is asked for before it is given up', async () => {
    const { cluster, gate } = await openThroughGate();
    const { name } = await placed(cluster);
    const { last } = watchOn(cluster, name);
    gate.silenceOpen();
    await node.sayRunning(opened.namespace, name);
    expect(last()).toMatchObject({ phase: 'Pending' });
    await expect.poll(last, { timeout: 30_000 }).toMatchObject({ phase: 'Running', failure: null });
  });
});
