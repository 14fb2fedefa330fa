import { expect, test } from 'vitest';
import { createMemoryJobCluster } from '../../../src/adapters/memory/job-cluster.js';
import type { JobCluster } from '../../../src/ports/job-cluster.js';
import { KubernetesCluster } from '../../../src/domain/kubernetes-cluster.js';
import { joinJobClusters } from '../../../src/workers/compose/job-clusters.js';
import { jobEnd, nodeJob } from '../../contracts/job-cluster.js';

const { signal } = new AbortController();
const nowhere = async () => null;
const cluster = KubernetesCluster.parse({ kind: 'kubernetes', image: 'trainer' });

test('a job goes to the cluster that its spec names, and is found there', async () => {
  const [local, kubernetes] = [createMemoryJobCluster(() => 'here'), createMemoryJobCluster(() => 'there')];
  const joined = joinJobClusters(local, { kubernetes }, nowhere);
  const [near, far] = [nodeJob(''), nodeJob('', { cluster })];
  await joined.submit(near, signal);
  await joined.submit(far, signal);
  expect(await local.describe(far.name)).toBeNull();
  expect(await Promise.all([jobEnd(joined, near.name), jobEnd(joined, far.name)])).toMatchObject([{ output: 'here' }, { output: 'there' }]);
});

test('what runs on any of them is listed, and can be stopped', async () => {
  const never = () => new Promise(() => {});
  const joined = joinJobClusters(createMemoryJobCluster(never), { kubernetes: createMemoryJobCluster(never) }, nowhere);
  const [near, far] = [nodeJob(''), nodeJob('', { cluster })];
  await joined.submit(near, signal);
  await joined.submit(far, signal);
  expect((await joined.listRunning()).map(({ name }) => name)).toEqual([near.name, far.name]);
  await joined.stop(far.name);
  expect((await joined.listRunning()).map(({ name }) => name)).toEqual([near.name]);
});

test('for the jobs of a cycle no cluster is asked that it does not train on', async () => {
  const away: JobCluster = { ...createMemoryJobCluster(() => 1), listRunning: () => Promise.reject(new Error('away')) };
  const never = () => new Promise(() => {});
  const kubernetes = createMemoryJobCluster(never);
  const joined = joinJobClusters(createMemoryJobCluster(never), { kubernetes, sagemaker: away }, async (name) =>
    name.startsWith('far-c') ? 'kubernetes' : name.startsWith('m-c') ? 'local' : null,
  );
  const [near, far] = [nodeJob(''), nodeJob('', { cluster })];
  await joined.submit(near, signal);
  await joined.submit(far, signal);
  const listed = async (model: string) => (await joined.listRunning({ model, cycle: 3 })).map(({ name }) => name);
  expect(await listed('m')).toEqual([near.name]);
  expect(await listed('far')).toEqual([near.name, far.name]);
  await expect(listed('unknown')).rejects.toThrow('away');
});

test('a cluster that the worker does not know is refused for good, with what to do', async () => {
  const joined = joinJobClusters(
    createMemoryJobCluster(() => 1),
    {},
    nowhere,
  );
  const refused = joined.submit(nodeJob('', { cluster }), signal);
  await expect(refused).rejects.toMatchObject({ type: 'JobSpecInvalid', remedy: expect.stringContaining('ratchet retry') });
});

test('where the place of a job is known, no other cluster is asked about it', async () => {
  const asked: string[] = [];
  const counted = (name: string, cluster: JobCluster): JobCluster => ({
    ...cluster,
    describe: async (job) => (asked.push(name), cluster.describe(job)),
  });
  const kubernetes = createMemoryJobCluster(() => 'there');
  const joined = joinJobClusters(
    counted(
      'local',
      createMemoryJobCluster(() => 'here'),
    ),
    {
      kubernetes: counted('kubernetes', kubernetes),
      sagemaker: counted(
        'sagemaker',
        createMemoryJobCluster(() => 'elsewhere'),
      ),
    },
    async () => 'kubernetes',
  );
  const jobs = Array.from({ length: 200 }, () => nodeJob('', { cluster }));
  for (const job of jobs) await joined.submit(job, signal);
  for (const { name } of jobs) for await (const job of joined.watch(name, { signal, heartbeatMs: 1000 })) expect(job.name).toBe(name);
  expect(asked).toEqual([]);
  expect(await joined.describe(jobs[7]!.name)).toMatchObject({ output: 'there' });
  expect(asked).toEqual(['kubernetes']);
});
