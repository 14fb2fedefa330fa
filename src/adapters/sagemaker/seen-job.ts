import type { Job } from '../../domain/job.js';

/** What SageMaker says of a job, of a training and of a processing job alike. */
export interface SeenJob {
  readonly sageMakerName: string;
  readonly status: 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';
  /** Of a training job: Starting, Downloading, Training, Interrupted, Uploading, MaxRuntimeExceeded, MaxWaitTimeExceeded … */
  readonly secondaryStatus: string | null;
  /** What SageMaker says of that state: `Launching requested ML instances`. */
  readonly statusMessage: string | null;
  readonly failureReason: string;
  /** The container's variables; null where only a list has shown the job. */
  readonly environment: Readonly<Record<string, string>> | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly modifiedMs: number;
  readonly billed: NonNullable<Job['billed']> | null;
}

export function isOver({ status }: SeenJob): boolean {
  return status === 'Completed' || status === 'Failed' || status === 'Stopped';
}
