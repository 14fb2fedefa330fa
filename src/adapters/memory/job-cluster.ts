import { digestOf } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import type { Job, JobSpec } from '../../domain/job.js';
import type { JobCluster } from '../../ports/job-cluster.js';
import { nextWake } from '../next-wake.js';

interface HeldJob {
  readonly spec: JobSpec;
  readonly digest: string;
  job: Job;
  /** Those who wait for the next change. */
  readonly waiting: Set<() => void>;
}

/**
 * Jobs that take place in this process and are gone with it: for benchmarks, which measure everything but the job.
 *
 * @param work gives a job's result, or throws a RatchetError whose type the job then failed with; one that never resolves
 * runs until it is stopped
 */
export function createMemoryJobCluster(work: (spec: JobSpec) => unknown): JobCluster {
  const jobs = new Map<string, HeldJob>();
  return { submit, describe, watch, stop, logs, listRunning, clearCheckpoints: async () => undefined };

  async function submit(spec: JobSpec): Promise<void> {
    const { name, ...rest } = spec;
    const digest = digestOf(rest);
    const found = jobs.get(name);
    if (found && found.digest !== digest)
      throw new RatchetError(
        'JobConflict',
        `job ${name}: expected to start or to find the job ${digest}, found ${found.digest} under this name`,
      );
    if (found) return;
    const held: HeldJob = { spec, digest, job: { ...ended(name), phase: 'Running', endedAt: null }, waiting: new Set() };
    jobs.set(name, held);
    void perform(held);
  }

  async function perform(held: HeldJob): Promise<void> {
    const { name } = held.spec;
    try {
      settle(held, { ...ended(name), phase: 'Succeeded', output: await work(held.spec) });
    } catch (error) {
      const type = error instanceof RatchetError ? error.type : 'JobFailed';
      const message = error instanceof Error ? error.message : String(error);
      settle(held, { ...ended(name), phase: 'Failed', failure: { type, message, logTail: '' } });
    }
  }

  async function describe(name: string): Promise<Job | null> {
    return jobs.get(name)?.job ?? null;
  }

  async function* watch(name: string, { signal, heartbeatMs }: { signal: AbortSignal; heartbeatMs: number }): AsyncIterable<Job> {
    const held = jobs.get(name);
    if (!held) throw new RatchetError('JobLost', `job ${name}: expected a job of this name, found none`, { remedy: 'submit it again' });
    for (;;) {
      signal.throwIfAborted();
      const { job } = held;
      yield job;
      if (isEnded(job)) return;
      if (held.job === job) await nextWake(held.waiting, heartbeatMs, signal);
    }
  }

  async function stop(name: string): Promise<void> {
    const held = jobs.get(name);
    if (held)
      settle(held, { ...ended(name), phase: 'Failed', failure: { type: 'JobStopped', message: 'stopped on request', logTail: '' } });
  }

  async function logs(): Promise<string> {
    return '';
  }

  async function listRunning(): Promise<{ name: string; model: string; cycle: number }[]> {
    const running = [...jobs.values()].filter(({ job }) => !isEnded(job));
    return running.map(({ spec: { name, model, cycle } }) => ({ name, model, cycle }));
  }
}

function settle(held: HeldJob, job: Job): void {
  if (isEnded(held.job)) return;
  held.job = { ...job, startedAt: held.job.startedAt };
  for (const wake of held.waiting) wake();
}

function ended(name: string) {
  const now = new Date().toISOString();
  return { name, progress: null, output: null, failure: null, startedAt: now, endedAt: now };
}

function isEnded({ phase }: Job): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
