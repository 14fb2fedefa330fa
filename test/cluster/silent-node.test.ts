import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { jobEnd, untilJob } from '../contracts/job-cluster.js';
import { addSilentNode, type SilentNode } from '../servers/silent-node.js';
import { fatedJob, openJobCluster } from './open-job-cluster.js';

const { signal } = new AbortController();
const lostMsMax = 20_000;

describe.skipIf(inject('kubernetes') === null)('jobs on a node that is not heard of (skipped where no control plane was built)', () => {
  let opened: Awaited<ReturnType<typeof openJobCluster>>;
  let cluster: ReturnType<typeof opened.open>;
  let node: SilentNode;

  beforeAll(async () => {
    opened = await openJobCluster();
    cluster = opened.open({ patience: { lostMsMax } });
    node = await addSilentNode(opened.kubectl);
  });
  afterAll(async () => {
    await node?.remove();
    cluster?.close();
    opened?.cluster.close();
  });

  async function runningThere(): Promise<string> {
    const spec = fatedJob({}, { graceSeconds: 1 }, { nodeSelector: node.nodeSelector });
    await cluster.submit(spec, signal);
    const isPlaced = ({ progress }: { progress: { message?: string } | null }) => /to start on node silent/.test(progress?.message ?? '');
    await untilJob(cluster, spec.name, isPlaced);
    await node.sayRunning(opened.namespace, spec.name);
    await untilJob(cluster, spec.name, ({ phase }) => phase === 'Running');
    return spec.name;
  }

  async function msOf(work: Promise<void>): Promise<number> {
    const startMs = performance.now();
    await work;
    return performance.now() - startMs;
  }

  test('whoever stops such a job again waits for what is left of its time, not for all of it again', async () => {
    const name = await runningThere();
    expect(await msOf(cluster.stop(name))).toBeGreaterThan(lostMsMax);
    const other = opened.open({ patience: { lostMsMax } });
    expect(await msOf(other.stop(name))).toBeLessThan(lostMsMax);
    other.close();
    expect(await opened.read('job', name)).toMatchObject({ metadata: { deletionTimestamp: expect.any(String) } });
    expect(await cluster.describe(name)).toMatchObject({
      phase: 'Failed',
      failure: { type: 'JobStopped', message: expect.stringMatching(/^stopped on request: its node silent-\S+ is not heard of/) },
    });
    expect(await cluster.listRunning()).not.toContainEqual(expect.objectContaining({ name }));
  });

  test('a job that was lost with its node is stopped at once, so that the next attempt begins', async () => {
    const name = await runningThere();
    await opened.run('delete', 'pod', '-l', `batch.kubernetes.io/job-name=${name}`, '--wait=false'); // as its node’s taint has it
    expect(await jobEnd(cluster, name)).toMatchObject({ failure: { type: 'JobLost', message: expect.stringMatching(/the node is lost/) } });
    expect(await msOf(cluster.stop(name))).toBeLessThan(lostMsMax);
    expect(await cluster.describe(name)).toMatchObject({ failure: { type: 'JobLost' } });
  });
});
