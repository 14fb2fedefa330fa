import type { V1Job } from '@kubernetes/client-node';
import { z } from 'zod';
import { Digest } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import type { Job } from '../../domain/job.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { DIGEST_ANNOTATION, NAME_ANNOTATION } from './job-names.js';

/** How a job ended, kept where it outlives the Job, its pod and the cluster: whoever asks next month gets the same answer. */
export interface JobRecord {
  /** Of its spec. */
  readonly digest: Digest;
  readonly job: Job;
}

const Shape = z.object({ digest: Digest, job: z.looseObject({ name: z.string(), phase: z.enum(['Succeeded', 'Failed']) }) });

export type JobRecords = ReturnType<typeof createJobRecords>;

export function createJobRecords(store: ObjectStore) {
  return { read, settle };

  async function read(name: string): Promise<JobRecord | null> {
    const bytes = await store.get(keyOf(name));
    if (bytes === null) return null;
    try {
      return Shape.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))) as unknown as JobRecord;
    } catch (cause) {
      throw new RatchetError('EvidenceCorrupt', `object ${keyOf(name)}: expected how job ${name} ended, found something else`, {
        remedy: 'restore it from a backup, or remove it so that the job is asked again',
        cause,
      });
    }
  }

  /** Writes the end down, unless somebody else did; what stands there counts. */
  async function settle(record: JobRecord): Promise<Job> {
    const key = keyOf(record.job.name);
    if (await store.createIfAbsent(key, Buffer.from(JSON.stringify(record)))) return record.job;
    return (await read(record.job.name))?.job ?? record.job;
  }
}

/** How the job of a Job ended. */
export function endOf({ metadata }: V1Job, end: Partial<Job> & Pick<Job, 'phase'>): JobRecord {
  const { [DIGEST_ANNOTATION]: digest, [NAME_ANNOTATION]: name } = metadata!.annotations!;
  const none = { progress: null, output: null, failure: null, startedAt: null, endedAt: null };
  return { digest: digest as Digest, job: { ...none, ...end, name: name! } };
}

function keyOf(name: string): string {
  return `jobs/kubernetes/${name}.json`;
}
