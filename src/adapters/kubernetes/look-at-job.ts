import type { V1Job, V1Pod } from '@kubernetes/client-node';
import type { Job } from '../../domain/job.js';
import type { FoundJob } from './found-job.js';
import type { JobApi } from './job-api.js';
import { NAME_ANNOTATION } from './job-names.js';
import { endOf, type JobRecords } from './job-records.js';
import { isFinished, stateOf, type JobState } from './job-state.js';
import { newest, type NamespaceCache } from './namespace-cache.js';
import type { Patience } from './patience.js';
import { askPodLog, readPodLog } from './pod-log.js';
import { followProgress, type SeenProgress } from './progress.js';
import { seenJob } from './seen-job.js';

const logTailBytes = 4096;
const progressTailBytes = 16 * 1024;
/** So far may a watch be behind what the API server answers. */
const behindMsMax = 2000;

/** How a job stands, as its Job and its pods have it. Where it has ended, that is settled. */
export function createLook({ api, records, patience }: { api: JobApi; records: JobRecords; patience: Patience }) {
  const { progressOf, lastProgress } = followProgress((pod) => askPodLog(api.core, pod, progressTailBytes));
  return look;

  async function look({ namespace, cache, job }: FoundJob): Promise<Job> {
    let pod = cache.pod(job.metadata!.name!);
    let state = stateOf(seenJob(job, pod), Date.now(), patience);
    if (isFinished(job) && !hasEnded(pod)) {
      // The two watches run side by side: the Job's end may be seen before its pod's.
      pod = newest(await api.podsOf(namespace, job.metadata!.name!)) ?? (await lastSeen(cache, job.metadata!.name!));
      state = stateOf(seenJob(job, pod), Date.now(), patience);
    }
    if (state.phase === 'Pending' || state.phase === 'Running')
      return unfinished(job, state, pod && state.phase === 'Running' ? progressOf(pod) : null);
    const { phase, fault, startedAt, endedAt } = state;
    const logTail = fault && pod ? await readPodLog(api.core, pod, logTailBytes) : '';
    const complaint = fault?.type === 'ClusterFull' && !pod ? await api.complaintsOf(job) : null;
    const failure = fault && { ...fault, message: [fault.message, complaint].filter(Boolean).join(': '), logTail };
    const output: unknown = state.result === null ? null : JSON.parse(state.result);
    const progress = pod && lastProgress(pod);
    return records.settle(endOf(job, { phase, startedAt, endedAt: endedAt ?? new Date().toISOString(), failure, output, progress }));
  }
}

/** Of a pod that is gone: what the watch, which may be a little behind, tells of its end. */
async function lastSeen(cache: NamespaceCache, jobName: string): Promise<V1Pod | null> {
  const untilMs = performance.now() + behindMsMax;
  while (cache.pod(jobName) && !hasEnded(cache.pod(jobName)) && performance.now() < untilMs)
    await cache.changed(jobName, behindMsMax, AbortSignal.timeout(behindMsMax));
  const pod = cache.pod(jobName);
  return hasEnded(pod) ? pod : null;
}

function unfinished(job: V1Job, { phase, startedAt, waitsFor }: JobState, seen: SeenProgress | null): Job {
  const message = waitsFor === null ? null : `waits for ${waitsFor}`.slice(0, 500);
  return {
    name: job.metadata!.annotations![NAME_ANNOTATION]!,
    phase,
    progress: message === null ? (seen?.progress ?? null) : { message },
    ...(seen && { progressReadAt: seen.readAt }),
    output: null,
    failure: null,
    startedAt,
    endedAt: null,
  };
}

function hasEnded(pod: V1Pod | null): boolean {
  return pod?.status?.phase === 'Succeeded' || pod?.status?.phase === 'Failed';
}
