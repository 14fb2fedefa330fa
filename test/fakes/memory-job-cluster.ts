import { digestOf } from '../../src/domain/digest.js';
import { RatchetError, type FailureType } from '../../src/domain/failure.js';
import type { Job, JobKind, JobSpec } from '../../src/domain/job.js';
import type { JobProgress } from '../../src/domain/job-progress.js';
import type { JobCluster } from '../../src/ports/job-cluster.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { stageOutput } from './stage-outputs.js';

/** What one attempt of a job does; absent: it succeeds. */
export type Act =
  | { readonly kind: 'succeed'; readonly output?: Record<string, unknown> }
  | { readonly kind: 'fail'; readonly type: FailureType; readonly message?: string; readonly step?: number }
  /** Runs until somebody stops it or `finish` is called. */
  | { readonly kind: 'hang' };

interface Entry {
  readonly spec: JobSpec;
  readonly digest: string;
  job: Job;
  wake: () => void;
  changed: Promise<void>;
}

export interface MemoryJobCluster extends JobCluster {
  /** The n-th act is for attempt n of that stage, in every cycle of the model. */
  script(model: string, stage: JobKind, ...acts: Act[]): void;
  /** Jobs in the order in which they started: `train#1`. */
  started(model: string, cycle?: number): string[];
  spec(name: string): JobSpec;
  stopped: string[];
  /** Places whose checkpoints were removed. */
  cleared: string[];
  /** A running job says how far it is. */
  say(name: string, progress: JobProgress): void;
  /** Lets a hanging job succeed. */
  finish(name: string): Promise<void>;
}

/** Jobs that end as scripted, with outputs that are valid for their stage. */
export function createMemoryJobCluster(store: ObjectStore): MemoryJobCluster {
  const jobs = new Map<string, Entry>();
  const scripts = new Map<string, readonly Act[]>();
  const stopped: string[] = [];
  const cleared: string[] = [];
  return { submit, describe, watch, stop, logs, listRunning, clearCheckpoints, script, started, spec, stopped, cleared, say, finish };

  async function submit(wanted: JobSpec): Promise<void> {
    const digest = digestOf(wanted);
    const known = jobs.get(wanted.name);
    if (known !== undefined) {
      if (known.digest !== digest) throw new RatchetError('JobConflict', `job ${wanted.name}: another spec has this name`);
      return;
    }
    const job: Job = { name: wanted.name, phase: 'Running', progress: null, output: null, failure: null, startedAt: time(), endedAt: null };
    const entry: Entry = { spec: wanted, digest, job, wake: () => undefined, changed: Promise.resolve() };
    jobs.set(wanted.name, entry);
    rearm(entry);
    const act = scripts.get(`${wanted.model}/${wanted.stage}`)?.[wanted.attempt - 1] ?? { kind: 'succeed' };
    if (act.kind === 'fail')
      end(entry, {
        ...(act.step !== undefined && { progress: { step: act.step } }),
        phase: 'Failed',
        failure: { type: act.type, message: act.message ?? act.type, logTail: 'the last line' },
      });
    if (act.kind === 'succeed') await succeed(entry, act.output);
  }

  async function succeed(entry: Entry, change: Record<string, unknown> = {}): Promise<void> {
    const output = { ...((await stageOutput(store, entry.spec)) as Record<string, unknown>), ...change };
    if (entry.job.phase === 'Running') end(entry, { phase: 'Succeeded', output });
  }

  function end(entry: Entry, change: Partial<Job>): void {
    entry.job = { ...entry.job, ...change, endedAt: time() };
    entry.wake();
    rearm(entry);
  }

  async function describe(name: string): Promise<Job | null> {
    return jobs.get(name)?.job ?? null;
  }

  async function* watch(name: string, { signal, heartbeatMs }: { signal: AbortSignal; heartbeatMs: number }): AsyncIterable<Job> {
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(Object.assign(new Error('aborted'), { name: 'AbortError' })), { once: true }),
    );
    aborted.catch(() => undefined);
    for (;;) {
      const entry = jobs.get(name);
      if (entry === undefined) throw new RatchetError('JobLost', `no trace of job ${name}`);
      yield entry.job;
      if (entry.job.phase !== 'Running') return;
      let timer: NodeJS.Timeout | undefined;
      const beat = new Promise<void>((resolve) => (timer = setTimeout(resolve, heartbeatMs)));
      await Promise.race([entry.changed, beat, aborted]).finally(() => clearTimeout(timer));
    }
  }

  async function stop(name: string): Promise<void> {
    const entry = jobs.get(name);
    if (entry?.job.phase !== 'Running') return;
    stopped.push(name);
    end(entry, { phase: 'Failed', failure: { type: 'JobStopped', message: 'stopped', logTail: '' } });
  }

  async function clearCheckpoints(place: string): Promise<void> {
    cleared.push(place);
  }

  async function logs(name: string): Promise<string> {
    return `log of ${name}`;
  }

  async function listRunning(): Promise<{ name: string; model: string; cycle: number }[]> {
    return [...jobs.values()]
      .filter(({ job }) => job.phase === 'Running')
      .map(({ spec: { name, model, cycle } }) => ({ name, model, cycle }));
  }

  function script(model: string, stage: JobKind, ...acts: Act[]): void {
    scripts.set(`${model}/${stage}`, acts);
  }

  function started(model: string, cycle?: number): string[] {
    const ours = [...jobs.values()].filter((entry) => entry.spec.model === model && (cycle === undefined || entry.spec.cycle === cycle));
    return ours.map((entry) => `${entry.spec.stage}#${entry.spec.attempt}`);
  }

  function spec(name: string): JobSpec {
    const entry = jobs.get(name);
    if (entry === undefined) throw new Error(`no job ${name}: there are ${[...jobs.keys()].join(', ')}`);
    return entry.spec;
  }

  function say(name: string, progress: JobProgress): void {
    const entry = jobs.get(name);
    if (entry?.job.phase !== 'Running') return;
    entry.job = { ...entry.job, progress };
    entry.wake();
    rearm(entry);
  }

  async function finish(name: string): Promise<void> {
    const entry = jobs.get(name);
    if (entry !== undefined) await succeed(entry);
  }
}

function rearm(entry: Entry): void {
  entry.changed = new Promise((resolve) => (entry.wake = resolve));
}

function time(): string {
  return new Date().toISOString();
}
