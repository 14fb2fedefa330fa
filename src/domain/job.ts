import { z } from 'zod';
import { Digest } from './digest.js';
import type { FailureType } from './failure.js';
import type { JobProgress } from './job-progress.js';
import { Resources } from './trainer-spec.js';
import { TrainingCluster } from './training-cluster.js';

/** Stages that run as jobs on a cluster. */
export const JobStage = z.enum(['snapshot', 'validate', 'train', 'evaluate', 'refit', 'agree']);
export type JobStage = z.infer<typeof JobStage>;

/** Whatever runs as a job: stages of a cycle, and what belongs to none. */
export const JobKind = z.enum([...JobStage.options, 'monitor']);
export type JobKind = z.infer<typeof JobKind>;

export const JobFile = z.strictObject({ path: z.string(), digest: Digest });
export type JobFile = z.infer<typeof JobFile>;

/**
 * A job as the cluster gets it. `name` is `<model>-c<cycle>-<stage>-a<attempt>`; the digest of the rest decides whether
 * an existing job of that name is ours to adopt.
 */
export const JobSpec = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
    .max(120),
  model: z.string(),
  /** 0: it belongs to no cycle. */
  cycle: z.number().int().min(0),
  stage: JobKind,
  attempt: z.number().int().positive(),
  command: z.array(z.string()).min(1),
  /** Fetched by digest from the object store into the job's working folder. */
  files: z.array(JobFile),
  /** The content of the file named by RATCHET_INPUT. */
  input: z.json(),
  environment: z.record(z.string(), z.string()),
  resources: Resources,
  timeLimitSeconds: z.number().int().positive(),
  /** Absent: the worker's machine. */
  cluster: TrainingCluster.optional(),
  /**
   * Names the place of its checkpoints: the same for every attempt at the same work, so the next one goes on where the last
   * one stood. The cluster makes it a folder or an S3 prefix that outlives job and node, named by RATCHET_CHECKPOINTS.
   * Absent: the job keeps none.
   */
  checkpoints: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9-]*$/)
    .optional(),
  /** From SIGTERM to SIGKILL: time to checkpoint. Absent: the cluster's own. */
  graceSeconds: z.number().int().positive().optional(),
});
export type JobSpec = z.infer<typeof JobSpec>;

export type JobPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/**
 * Why a job failed, in the words of domain/failure. A job itself may name any failure of class invalid or rejected (exit 64) or
 * transient (exit 75) at the start of its last line: `WindowEmpty: no rows between …`. Else:
 * InputInvalid exit 64, JobTemporary exit 75, JobLost exit 143 (SIGTERM: a node that goes, and nobody's stop()), JobFailed any other exit, JobTimedOut, JobOutOfMemory, JobOutputMissing exit 0 without
 * a result file or with one that is no JSON, JobStopped by stop(), JobLost where its process or node vanished.
 */
export type JobFailureType = FailureType;

export interface Job {
  readonly name: string;
  readonly phase: JobPhase;
  readonly progress: JobProgress | null;
  /** When its progress was read: a log or a store is asked seldom, and cannot be asked always. null: never; absent: with this answer. */
  readonly progressReadAt?: string | null;
  /** The parsed content of the result file; only where phase is Succeeded. */
  readonly output: unknown;
  readonly failure: { readonly type: JobFailureType; readonly message: string; readonly logTail: string } | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Where the cluster bills whole machines, or less than the time from start to end (spot); absent: cores and devices times that time. */
  readonly billed?: {
    readonly seconds: number;
    /** The time from then on comes on top: it works. null: it waits, or has ended. */
    readonly since: string | null;
    readonly machineType: string;
    readonly machines: number;
  };
}
