import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { createJobActivities } from '../../src/activities/job-activities.js';
import { createLedger } from '../../src/activities/ledger.js';
import { createMemoryJobCluster } from '../../src/adapters/memory/job-cluster.js';
import { digestOfBytes } from '../../src/domain/digest.js';
import { RatchetError, type FailureType } from '../../src/domain/failure.js';
import type { JobCluster } from '../../src/ports/job-cluster.js';
import { nodeJob } from '../contracts/job-cluster.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { createMemoryStore } from '../fakes/memory-store.js';

/** Waits for a job of this cluster as an activity does. */
async function awaited(jobCluster: JobCluster, name: string): Promise<unknown> {
  const store = createMemoryStore();
  const { awaitJob } = createJobActivities({
    store,
    ledger: createLedger({ store, signer: createMemorySigner(), owner: 'test/default' }),
    jobCluster,
    environment: { lockDigest: digestOfBytes(''), architecture: '', stepsDigest: digestOfBytes('') },
    prices: null,
  });
  return new MockActivityEnvironment().run(() => awaitJob(name).catch((error: unknown) => error));
}

test('a watcher that may not look any more is asked again, and the job goes on', async () => {
  const job = nodeJob('');
  const cluster = createMemoryJobCluster(() => new Promise(() => {}));
  await cluster.submit(job, new AbortController().signal);
  const denied: JobCluster = {
    ...cluster,
    async *watch(name, options) {
      for await (const seen of cluster.watch(name, options)) {
        yield seen;
        throw new RatchetError('AccessDenied', 'GetObject s3://bucket: HTTP 400 ExpiredToken: the credentials have run out', {
          remedy: 'renew them',
        });
      }
    },
  };
  expect(await awaited(denied, job.name)).toMatchObject({
    type: 'ClusterUnavailable',
    class: 'transient',
    message: expect.stringContaining('the credentials have run out'),
    remedy: expect.stringContaining('renew them'),
  });
});

test('a job that was itself denied something has failed for good', async () => {
  const job = nodeJob('');
  const cluster = createMemoryJobCluster(() => {
    throw new RatchetError('AccessDenied', 'bucket data: AccessDenied');
  });
  await cluster.submit(job, new AbortController().signal);
  expect(await awaited(cluster, job.name)).toMatchObject({ type: 'AccessDenied', nonRetryable: true });
});

test('a lost job that takes its words with it is known by what it said before', async () => {
  const job = nodeJob('');
  const cluster = createMemoryJobCluster(() => new Promise(() => {}));
  await cluster.submit(job, new AbortController().signal);
  const lost: JobCluster = {
    ...cluster,
    async *watch(name, options) {
      for await (const seen of cluster.watch(name, options)) {
        yield { ...seen, progress: { step: 900, total: 1000 } };
        yield { ...seen, progress: { message: 'saving a checkpoint' } };
        yield { ...seen, phase: 'Failed', progress: null, failure: { type: 'JobLost', message: 'its pod is gone', logTail: '' } };
      }
    },
  };
  expect(await awaited(lost, job.name)).toMatchObject({ type: 'JobLost', details: [{ type: 'JobLost' }, '', { step: 900 }] });
});

test.for<[type: FailureType, remedy: RegExp]>([
  ['JobSpecInvalid', /mend what the message names, in the model file \(and apply it\) or in the cluster, then: ratchet retry/],
  ['ClusterFull', /make room in the cluster, or ask for less or wait longer .* apply it, then: ratchet retry/],
  ['JobLost', /machines go.* ratchet retry \(with trainer.checkpoints/],
  ['JobStopped', /who stopped it.* ratchet retry \(with trainer.checkpoints/],
  ['JobOutOfMemory', /raise resources.memoryMiB/],
  ['JobTemporary', /^ratchet retry goes on from this stage$/],
])('a job that ended as %s says what a person can do', async ([type, remedy]) => {
  const job = nodeJob('');
  const cluster = createMemoryJobCluster(() => {
    throw new RatchetError(type, 'in its own words');
  });
  await cluster.submit(job, new AbortController().signal);
  expect(await awaited(cluster, job.name)).toMatchObject({ type, details: [{ remedy: expect.stringMatching(remedy) }, ''] });
});
