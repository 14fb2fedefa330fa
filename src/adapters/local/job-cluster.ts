import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestOf } from '../../domain/digest.js';
import { checkJobName, parseJobSpec } from '../../domain/check-job.js';
import { RatchetError } from '../../domain/failure.js';
import { JobSpec } from '../../domain/job.js';
import type { Job } from '../../domain/job.js';
import type { JobCluster } from '../../ports/job-cluster.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { explainDiskError } from './disk-error.js';
import { supervisorEnvironment } from './job-environment.js';
import { makeJobFolder } from './job-folder-maker.js';
import { checkpointsFolder, createWhole, jobPaths, readOrder } from './job-folder.js';
import { readJobLog } from './job-log.js';
import { observeJob } from './job-observer.js';
import { startSupervisor } from './job-starter.js';
import { createJobWatcher } from './job-watcher.js';
import { identify } from './process-identity.js';

export interface LocalJobClusterOptions {
  /** RATCHET_HOME; jobs lie in `jobs/` below it. */
  readonly home: string;
  readonly objectStore: ObjectStore;
  /** Folder of the Python environment's commands; null: whatever PATH has. */
  readonly pythonBin: string | null;
  /** Folder that holds the package ratchet_steps. */
  readonly stepsPath: string | null;
  /** The worker's environment; jobs see the part of it that job-environment lets through. */
  readonly environment?: NodeJS.ProcessEnv;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs?: number;
}

/**
 * Jobs as processes of this machine. Each has a folder and a supervisor process of its own, so any worker that sees the
 * folder, now or after a crash, finds the job again.
 */
export function createLocalJobCluster(options: LocalJobClusterOptions): JobCluster {
  const { objectStore, pythonBin, stepsPath, environment = process.env, graceMs = 10_000 } = options;
  const jobs = join(resolve(options.home), 'jobs');
  const watcher = createJobWatcher();
  const folderOf = (name: string) => join(jobs, checkJobName(name));
  return { submit, describe, watch, stop, logs, listRunning, clearCheckpoints };

  async function submit(spec: JobSpec, signal: AbortSignal): Promise<void> {
    const parsed = parseJobSpec(spec);
    const { name, ...rest } = parsed;
    const digest = digestOf(rest);
    const folder = folderOf(name);
    try {
      if (!readOrder(folder)) await makeJobFolder(jobs, folder, { digest, spec: parsed, graceMs: graceMsOf(parsed) }, objectStore, signal);
      const found = readOrder(folder);
      if (found?.digest !== digest)
        throw new RatchetError(
          'JobConflict',
          `job ${name}: expected to start or to find the job ${digest}, found ${found?.digest ?? 'nothing'} under this name`,
          {
            remedy: `look at ${folder}; give the new job another attempt number`,
          },
        );
      if (existsSync(jobPaths(folder).exit) || existsSync(jobPaths(folder).claim)) return;
      await startSupervisor(folder, supervisorEnvironment(environment, { pythonBin, stepsPath, storeUri: objectStore.uri }), signal);
    } catch (error) {
      throw await explainDiskError(error, 'job folder', folder);
    }
  }

  async function describe(name: string): Promise<Job | null> {
    return observe(folderOf(name), name, true);
  }

  /** A job that was lost is settled by whoever looks first, which writes. */
  async function observe(folder: string, name: string, checksProcess: boolean): Promise<Job | null> {
    try {
      return observeJob(folder, name, { checksProcess });
    } catch (error) {
      throw await explainDiskError(error, 'job folder', folder);
    }
  }

  async function* watch(name: string, { signal, heartbeatMs }: { signal: AbortSignal; heartbeatMs: number }): AsyncIterable<Job> {
    const folder = folderOf(name);
    const followed = watcher.follow(folder);
    let told = '';
    let [toldMs, checkedMs] = [-Infinity, -Infinity];
    try {
      for (;;) {
        signal.throwIfAborted();
        const nowMs = performance.now();
        const checksProcess = nowMs - checkedMs >= 1000;
        if (checksProcess) checkedMs = nowMs;
        const job = await observe(folder, name, checksProcess);
        if (!job)
          throw new RatchetError('JobLost', `job ${name}: expected its folder ${folder}, found none`, { remedy: 'submit it again' });
        const text = JSON.stringify(job);
        if (text !== told || nowMs - toldMs >= heartbeatMs) {
          [told, toldMs] = [text, nowMs];
          yield job;
        }
        if (isEnded(job)) return;
        await followed.changed(Math.max(1, Math.min(followed.checkMs(), heartbeatMs - (performance.now() - toldMs))), signal);
      }
    } finally {
      followed.leave();
    }
  }

  async function stop(name: string): Promise<void> {
    const folder = folderOf(name);
    const paths = jobPaths(folder);
    const stopMsMax = (readOrder(folder)?.graceMs ?? graceMs) + 5000;
    const untilMs = performance.now() + stopMsMax;
    const job = await describe(name);
    if (!job || isEnded(job)) return;
    createWhole(folder, paths.stop, { at: new Date().toISOString() });
    // Whoever makes the claim decides: without a supervisor nothing will ever run, so the last word is ours.
    if (createWhole(folder, paths.claim, identify(process.pid))) {
      const failure = { type: 'JobStopped' as const, message: 'stopped before it started', logTail: '' };
      createWhole(folder, paths.exit, {
        failure,
        startedAt: null,
        endedAt: new Date().toISOString(),
        exitCode: null,
        signal: null,
        memoryMiBMax: null,
      });
    }
    while (performance.now() < untilMs) {
      const seen = await describe(name);
      if (!seen || isEnded(seen)) return;
      await sleep(50);
    }
    throw new RatchetError('Unexpected', `job ${name}: expected it to end within ${stopMsMax} ms of SIGTERM, found it still running`);
  }

  function graceMsOf({ graceSeconds }: JobSpec): number {
    return graceSeconds === undefined ? graceMs : graceSeconds * 1000;
  }

  async function clearCheckpoints(place: string): Promise<void> {
    await rm(checkpointsFolder(jobs, JobSpec.shape.checkpoints.unwrap().parse(place)), { recursive: true, force: true, maxRetries: 3 });
  }

  async function logs(name: string, { bytesMax = 64 * 1024 }: { bytesMax?: number } = {}): Promise<string> {
    return readJobLog(jobPaths(folderOf(name)).log, bytesMax);
  }

  async function listRunning(): Promise<{ name: string; model: string; cycle: number }[]> {
    const names = existsSync(jobs) ? readdirSync(jobs).filter((name) => !name.startsWith('.')) : [];
    return names.flatMap((name) => {
      const folder = join(jobs, name);
      const order = existsSync(jobPaths(folder).exit) ? null : readOrder(folder);
      const job = order && observeJob(folder, name, { checksProcess: true });
      return order && job && !isEnded(job) ? [{ name, model: order.spec.model, cycle: order.spec.cycle }] : [];
    });
  }
}

function isEnded({ phase }: Job): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
