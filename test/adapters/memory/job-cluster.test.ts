import { expect, test } from 'vitest';
import { createMemoryJobCluster } from '../../../src/adapters/memory/job-cluster.js';
import { RatchetError } from '../../../src/domain/failure.js';
import { jobEnd, nodeJob, runJob } from '../../contracts/job-cluster.js';

const signal = new AbortController().signal;

test('does the work of a job once, however often it is submitted', async () => {
  let done = 0;
  const cluster = createMemoryJobCluster(({ input }) => ({ input, done: ++done }));
  const spec = nodeJob('');
  expect(await runJob(cluster, spec)).toMatchObject({ phase: 'Succeeded', output: { input: spec.input, done: 1 } });
  expect(await runJob(cluster, spec)).toMatchObject({ output: { done: 1 } });
  await expect(cluster.submit({ ...spec, input: null }, signal)).rejects.toMatchObject({ type: 'JobConflict' });
});

test('fails with the failure that the work throws', async () => {
  const cluster = createMemoryJobCluster(() => Promise.reject(new RatchetError('WindowEmpty', 'no rows')));
  expect(await runJob(cluster, nodeJob(''))).toMatchObject({ phase: 'Failed', failure: { type: 'WindowEmpty', message: 'no rows' } });
});

test('runs a job without end until it is stopped, and beats meanwhile', async () => {
  const cluster = createMemoryJobCluster(() => new Promise(() => undefined));
  const spec = nodeJob('');
  await cluster.submit(spec, signal);
  expect(await cluster.listRunning()).toEqual([{ name: spec.name, model: 'm', cycle: 3 }]);
  let beats = 0;
  for await (const _ of cluster.watch(spec.name, { signal, heartbeatMs: 5 })) if (++beats === 3) break;
  const end = jobEnd(cluster, spec.name);
  await cluster.stop(spec.name);
  expect(await end).toMatchObject({ failure: { type: 'JobStopped' } });
  expect(await cluster.listRunning()).toEqual([]);
});

test('a watch ends with its signal', async () => {
  const cluster = createMemoryJobCluster(() => new Promise(() => undefined));
  const spec = nodeJob('');
  await cluster.submit(spec, signal);
  const watcher = new AbortController();
  const watching = (async () => {
    for await (const _ of cluster.watch(spec.name, { signal: watcher.signal, heartbeatMs: 60_000 })) watcher.abort(new Error('enough'));
  })();
  await expect(watching).rejects.toThrow('enough');
});
