import type { V1Job, V1Pod } from '@kubernetes/client-node';
import { RatchetError } from '../../domain/failure.js';
import type { Job } from '../../domain/job.js';
import type { FoundJob } from './found-job.js';
import type { JobApi } from './job-api.js';
import { NAME_ANNOTATION } from './job-names.js';
import { endOf, type JobRecords } from './job-records.js';
import { isFinished, stateOf, type JobState } from './job-state.js';
import { newest, type NamespaceCache } from './namespace-cache.js';
import type { Fault } from './pod-end.js';
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

  /** null: its Job is gone. */
  async function look(found: FoundJob): Promise<Job | null> {
    const { namespace, cache } = found;
    let { job } = found;
    let pod = cache.pod(job.metadata!.name!);
    let state = stateOf(seenJob(job, pod), Date.now(), patience);
    if (state.fault && !isFinished(job)) {
      // A verdict of the clock alone, on what may be long past: the watches do not say whether they have been blind meanwhile.
      const now = await seeAnew(found).catch((error: unknown) => {
        if (error instanceof RatchetError && error.type === 'ClusterUnavailable') return 'unread' as const;
        throw error; // a right that is missing is told
      });
      if (now === 'unread')
        return unfinished(job, asLastSeen(state, state.fault), pod && state.startedAt !== null ? progressOf(pod) : null);
      if (now.job === null) return null;
      ({ job, pod } = { job: now.job, pod: now.pod });
      state = stateOf(seenJob(job, pod), Date.now(), patience);
    }
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

  async function seeAnew({ namespace, cache, job: { metadata } }: FoundJob): Promise<{ job: V1Job | null; pod: V1Pod | null }> {
    const [job, pods] = await Promise.all([api.readJob(namespace, metadata!.name!), api.podsOf(namespace, metadata!.name!)]);
    return { job, pod: newest(pods) ?? cache.pod(metadata!.name!) }; // one that is gone just now has said why
  }
}

/** Nobody gives a job up while it cannot be asked for. */
function asLastSeen(state: JobState, { message }: Fault): JobState {
  const phase = state.startedAt === null ? 'Pending' : 'Running';
  return { ...state, phase, waitsFor: `the API server, which does not answer; as last seen: ${message}` };
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
