import type { Job, JobSpec } from '../domain/job.js';

/** Runs jobs to completion. Adapters: local, kubernetes, sagemaker. */
export interface JobCluster {
  /**
   * Starts the job, or attaches where `spec.name` already runs (or ran) the same spec, so a retry never trains twice.
   * @throws {RatchetError} JobConflict: the name is taken by another spec. JobSpecInvalid: refused for good. Else transient.
   */
  submit(spec: JobSpec, signal: AbortSignal): Promise<void>;
  /** Cheap. null where no such job was ever submitted. A job is known at least until its cycle has ended: its attempts are counted and billed. */
  describe(name: string): Promise<Job | null>;
  /** Yields at once and then at every change (at least every `heartbeatMs`), until the job ends; that state is the last one. */
  watch(name: string, options: { signal: AbortSignal; heartbeatMs: number }): AsyncIterable<Job>;
  /** SIGTERM (checkpoint and go), then SIGKILL after `graceSeconds`; returns when it has ended. Idempotent: stopping a finished or unknown job succeeds. */
  stop(name: string): Promise<void>;
  /** The last lines of its output. */
  logs(name: string, options?: { bytesMax?: number }): Promise<string>;
  /** Names of jobs that run or wait; with `of`, at least those of that cycle. */
  listRunning(of?: { readonly model: string; readonly cycle: number }): Promise<{ name: string; model: string; cycle: number }[]>;
  /** Removes what jobs left in a place (`JobSpec.checkpoints`): their work is done. Idempotent. */
  clearCheckpoints(place: string): Promise<void>;
}
