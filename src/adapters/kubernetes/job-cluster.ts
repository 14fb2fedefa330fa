import type { KubeConfig, V1Job, V1Pod } from '@kubernetes/client-node';
import { digestOf, type Digest } from '../../domain/digest.js';
import { checkJobName, parseJobSpec } from '../../domain/check-job.js';
import { RatchetError } from '../../domain/failure.js';
import { lastBytes } from '../../domain/job-words.js';
import type { JobSpec } from '../../domain/job.js';
import type { Job } from '../../domain/job.js';
import type { JobCluster } from '../../ports/job-cluster.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { checkpointsOf, clearClaimed } from './checkpoints.js';
import { createJobApi } from './job-api.js';
import { givenManifest, jobManifest } from './job-manifest.js';
import { CHECKPOINTS_ANNOTATION, CYCLE_LABEL, DIGEST_ANNOTATION, MODEL_LABEL, NAME_ANNOTATION, objectName } from './job-names.js';
import { createJobRecords } from './job-records.js';
import { isFinished, stateOf, type JobState } from './job-state.js';
import { newest, openNamespaceCache, type NamespaceCache } from './namespace-cache.js';
import { askPodLog, followLog, readPodLog } from './pod-log.js';
import { followProgress, type SeenProgress } from './progress.js';
import { seenJob } from './seen-job.js';

const logTailBytes = 4096;
const progressTailBytes = 16 * 1024;
/** A job that vanished may have been stopped by somebody who now writes that down. */
const vanishedMsMax = 5000;
/** Time passes without a change: a wait may have become too long. */
const lookMsMax = 5000;
/** So far may a watch be behind what the API server answers. */
const behindMsMax = 2000;
/** After the grace time of its pod: then its node is not heard of. */
const stopMsMax = 60_000;

export interface KubernetesJobClusterOptions {
  readonly kubeConfig: KubeConfig;
  /** The first is that of jobs which name none. */
  readonly namespaces: readonly [string, ...string[]];
  readonly objectStore: ObjectStore;
  /** Variables that every job gets: where the services are, no secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Removes a place of checkpoints from the object store; null where that keeps none. */
  readonly clearStored: ((place: string) => Promise<void>) | null;
}

/** Where a job is: its Job and what watches it. */
interface Found {
  readonly namespace: string;
  readonly cache: NamespaceCache;
  readonly job: V1Job;
}

/**
 * Jobs as batch/v1 Jobs. Any worker finds a job by its name; how it ended is written into the object store once, so that it
 * stays known when Job, pod and node are gone.
 */
export function createKubernetesJobCluster(options: KubernetesJobClusterOptions): JobCluster & { close(): void } {
  const { kubeConfig, namespaces, objectStore, environment, clearStored } = options;
  const api = createJobApi(kubeConfig);
  const records = createJobRecords(objectStore);
  const caches = new Map<string, NamespaceCache>();
  const { progressOf, lastProgress } = followProgress((pod) => askPodLog(api.core, pod, progressTailBytes));
  return { submit, describe, watch, stop, logs, listRunning, clearCheckpoints, close };

  async function submit(spec: JobSpec, signal: AbortSignal): Promise<void> {
    const parsed = checkSpec(spec, namespaces);
    const { name, ...rest } = parsed;
    const digest = digestOf(rest);
    const checkpoints = checkpointsOf(parsed, parsed.cluster, objectStore.uri);
    const place = { namespace: parsed.cluster.namespace ?? namespaces[0], storeUri: objectStore.uri, environment, checkpoints };
    const record = await records.read(name);
    if (record) return refuseOther(name, digest, record.digest, 'the object store');
    const files = await Promise.all(parsed.files.map((file) => objectStore.getByDigest(file.digest)));
    signal.throwIfAborted();
    const found =
      (await api.readJob(place.namespace, objectName(name))) ??
      (await api.applyJob(jobManifest(parsed, parsed.cluster, digest, place))) ??
      (await api.readJob(place.namespace, objectName(name)));
    if (!found)
      throw new RatchetError('ClusterUnavailable', `job ${name}: expected the Job that took its name, found none: it went just now`);
    refuseOther(name, digest, found.metadata?.annotations?.[DIGEST_ANNOTATION], `namespace ${place.namespace}`);
    // After the Job, whose it is: a pod waits for it. Again at every call: we may have died in between.
    if (!found.status?.completionTime) await api.applyConfigMap(givenManifest(parsed, files, found));
  }

  async function describe(name: string): Promise<Job | null> {
    const record = await records.read(checkJobName(name));
    if (record) return record.job;
    const found = await find(name);
    return found && look(found);
  }

  async function* watch(name: string, { signal, heartbeatMs }: { signal: AbortSignal; heartbeatMs: number }): AsyncIterable<Job> {
    let told = '';
    let toldMs = -Infinity;
    let vanishedMs: number | null = null;
    for (;;) {
      signal.throwIfAborted();
      const record: Awaited<ReturnType<typeof records.read>> =
        toldMs === -Infinity || vanishedMs !== null ? await records.read(checkJobName(name)) : null;
      const found = record ? null : await find(name);
      const job: Job | null = record?.job ?? (found && (await look(found)));
      const nowMs = performance.now();
      if (job) {
        vanishedMs = null;
        const text = JSON.stringify(job);
        if (text !== told || nowMs - toldMs >= heartbeatMs) {
          if (text !== told) told = text; // else the one that is kept: thousands of watches would make new ones every ten seconds
          toldMs = nowMs;
          yield job;
        }
        if (isEnded(job)) return;
      } else {
        vanishedMs ??= nowMs;
        if (toldMs === -Infinity || nowMs - vanishedMs > vanishedMsMax)
          throw new RatchetError('JobLost', `job ${name}: expected its Job in ${namespaces.join(', ')}, found none`, {
            remedy: 'somebody may have deleted it: it is submitted again',
          });
      }
      const waitMs = job ? Math.max(1, Math.min(lookMsMax, heartbeatMs - (performance.now() - toldMs))) : 200;
      await (found?.cache ?? (await cacheOf(namespaces[0]))).changed(objectName(name), waitMs, signal);
    }
  }

  async function stop(name: string): Promise<void> {
    const found = await find(name);
    if (!found || isFinished(found.job)) return;
    const { cache, namespace, job } = found;
    const pod = cache.pod(objectName(name));
    const lastWords = pod && followLog(kubeConfig, pod, logTailBytes);
    await api.deleteJob(namespace, objectName(name), job.metadata!.uid!);
    const untilMs = performance.now() + (job.spec?.template.spec?.terminationGracePeriodSeconds ?? 0) * 1000 + stopMsMax;
    while ((await api.readJob(namespace, objectName(name)))?.metadata?.uid === job.metadata!.uid && performance.now() < untilMs)
      await cache.changed(objectName(name), 500, AbortSignal.timeout(1000));
    const logTail = (await lastWords?.()) ?? '';
    const { startedAt } = stateOf(seenJob(job, pod), Date.now());
    const stopped = { type: 'JobStopped' as const, message: 'stopped on request', logTail };
    await settle(job, { phase: 'Failed', startedAt, endedAt: new Date().toISOString(), failure: stopped });
  }

  async function logs(name: string, { bytesMax = 64 * 1024 }: { bytesMax?: number } = {}): Promise<string> {
    const found = await find(name);
    const pod = found && (found.cache.pod(objectName(name)) ?? newest(await api.podsOf(found.namespace, objectName(name))));
    if (pod) return readPodLog(api.core, pod, bytesMax);
    return lastBytes((await records.read(name))?.job.failure?.logTail ?? '', bytesMax);
  }

  async function listRunning(): Promise<{ name: string; model: string; cycle: number }[]> {
    const opened = await Promise.all(namespaces.map(cacheOf));
    return opened
      .flatMap((cache) => cache.jobs())
      .filter((job) => !isFinished(job) && job.metadata?.deletionTimestamp === undefined)
      .map(runningJob);
  }

  async function clearCheckpoints(place: string): Promise<void> {
    await clearStored?.(place);
    const opened = await Promise.all(namespaces.map(cacheOf));
    const trained = opened
      .flatMap((cache) => cache.jobs())
      .filter(({ metadata }) => metadata?.annotations?.[CHECKPOINTS_ANNOTATION] === place);
    await clearClaimed(api, trained);
  }

  function close(): void {
    for (const cache of caches.values()) cache.close();
    caches.clear();
  }

  async function cacheOf(namespace: string): Promise<NamespaceCache> {
    const cache = caches.get(namespace) ?? openNamespaceCache({ kubeConfig, ...api }, namespace);
    caches.set(namespace, cache);
    await cache.ready();
    return cache;
  }

  /** From what the watches saw; only a job that they have not seen (yet) is asked for. */
  async function find(name: string): Promise<Found | null> {
    const opened = await Promise.all(namespaces.map(async (namespace) => ({ namespace, cache: await cacheOf(namespace) })));
    for (const { namespace, cache } of opened) {
      const job = cache.job(objectName(checkJobName(name)));
      if (job) return { namespace, cache, job };
    }
    for (const { namespace, cache } of opened) {
      const job = await api.readJob(namespace, objectName(name));
      if (job?.metadata?.annotations?.[NAME_ANNOTATION] === name) return { namespace, cache, job };
    }
    return null;
  }

  async function look({ namespace, cache, job }: Found): Promise<Job> {
    let pod = cache.pod(job.metadata!.name!);
    let state = stateOf(seenJob(job, pod), Date.now());
    if (isFinished(job) && !hasEnded(pod)) {
      // The two watches run side by side: the Job's end may be seen before its pod's.
      pod = newest(await api.podsOf(namespace, job.metadata!.name!)) ?? (await lastSeen(cache, job.metadata!.name!));
      state = stateOf(seenJob(job, pod), Date.now());
    }
    if (state.phase === 'Pending' || state.phase === 'Running')
      return unfinished(job, state, pod && state.phase === 'Running' ? progressOf(pod) : null);
    const { phase, fault, startedAt, endedAt } = state;
    const logTail = fault && pod ? await readPodLog(api.core, pod, logTailBytes) : '';
    const complaint = fault?.type === 'ClusterFull' && !pod ? await api.complaintsOf(job) : null;
    const failure = fault && { ...fault, message: [fault.message, complaint].filter(Boolean).join(': '), logTail };
    const output: unknown = state.result === null ? null : JSON.parse(state.result);
    const progress = pod && lastProgress(pod);
    return settle(job, { phase, startedAt, endedAt: endedAt ?? new Date().toISOString(), failure, output, progress });
  }

  function settle(job: V1Job, end: Partial<Job> & Pick<Job, 'phase'>): Promise<Job> {
    const { annotations } = job.metadata!;
    const none = { progress: null, output: null, failure: null, startedAt: null, endedAt: null };
    return records.settle({
      digest: annotations![DIGEST_ANNOTATION] as Digest,
      job: { ...none, ...end, name: annotations![NAME_ANNOTATION]! },
    });
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

function checkSpec(spec: JobSpec, namespaces: readonly string[]) {
  const parsed = parseJobSpec(spec);
  const refuse = (words: string) => new RatchetError('JobSpecInvalid', `job ${spec.name}: ${words}`);
  const { cluster, files } = parsed;
  if (cluster?.kind !== 'kubernetes') throw refuse(`cluster: expected kind kubernetes, found ${cluster?.kind ?? 'none'}`);
  if (cluster.namespace !== undefined && !namespaces.includes(cluster.namespace))
    throw refuse(`cluster.namespace: expected one that the worker works in (${namespaces.join(', ')}), found ${cluster.namespace}`);
  const outside = files.find(({ path }) => path === '' || path.startsWith('/') || path.endsWith('/') || path.split('/').includes('..'));
  if (outside) throw refuse(`file: expected a path below the job's folder, found ${JSON.stringify(outside.path)}`);
  return { ...parsed, cluster };
}

function refuseOther(name: string, wanted: Digest, found: string | undefined, place: string): void {
  if (found === wanted) return;
  throw new RatchetError(
    'JobConflict',
    `job ${name}: expected to start or to find the job ${wanted}, found ${found ?? 'another'} in ${place}`,
    {
      remedy: 'look who started it; nothing was changed: ratchet retry opens a cycle with names of its own',
    },
  );
}

function runningJob({ metadata }: V1Job): { name: string; model: string; cycle: number } {
  return {
    name: metadata?.annotations?.[NAME_ANNOTATION] ?? metadata!.name!,
    model: metadata?.labels?.[MODEL_LABEL] ?? '',
    cycle: Number(metadata?.labels?.[CYCLE_LABEL]),
  };
}

function hasEnded(pod: V1Pod | null): boolean {
  return pod?.status?.phase === 'Succeeded' || pod?.status?.phase === 'Failed';
}

function isEnded({ phase }: Job): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
