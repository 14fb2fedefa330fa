import type { V1Job, V1Pod } from '@kubernetes/client-node';

/** A job as the API server tells it, with what its own Job says of its limits. */
export interface SeenJob {
  readonly job: V1Job;
  /** The newest of its pods; null: there is none (yet, or any more). */
  readonly pod: V1Pod | null;
  readonly timeLimitSeconds: number;
  readonly pendingSecondsMax: number;
}

export function seenJob(job: V1Job, pod: V1Pod | null): SeenJob {
  const timeLimitSeconds = job.spec?.template.spec?.activeDeadlineSeconds ?? 0;
  return { job, pod, timeLimitSeconds, pendingSecondsMax: (job.spec?.activeDeadlineSeconds ?? 0) - timeLimitSeconds };
}
