import type { KubeConfig, V1Job } from '@kubernetes/client-node';
import { digestOf, type Digest } from '../../domain/digest.js';
import { checkJobName, parseJobSpec } from '../../domain/check-job.js';
import { RatchetError } from '../../domain/failure.js';
import { lastBytes } from '../../domain/job-words.js';
import type { JobSpec } from '../../domain/job.js';
import type { Job } from '../../domain/job.js';
import type { JobCluster } from '../../ports/job-cluster.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { checkpointsOf, clearClaimed } from './checkpoints.js';
import type { FoundJob } from './found-job.js';
import { createJobApi } from './job-api.js';
import { givenManifest, jobManifest } from './job-manifest.js';
import { CHECKPOINTS_ANNOTATION, CYCLE_LABEL, DIGEST_ANNOTATION, MODEL_LABEL, NAME_ANNOTATION, objectName } from './job-names.js';
import { createJobRecords, endOf } from './job-records.js';
import { isFinished, stateOf } from './job-state.js';
import { createLook } from './look-at-job.js';
import type { WatchTrouble } from './kept-watch.js';
import { newest, openNamespaceCache, type NamespaceCache } from './namespace-cache.js';
import { PATIENCE, type Patience } from './patience.js';
import { followLog, readPodLog } from './pod-log.js';
import { seenJob } from './seen-job.js';
import { untilGone } from './until-gone.js';

const logTailBytes = 4096;
/** A job that vanished may have been stopped by somebody who now writes that down. */
const vanishedMsMax = 5000;
/** Time passes without a change: a wait may have become too long. */
const lookMsMax = 5000;

export interface KubernetesJobClusterOptions {
  readonly kubeConfig: KubeConfig;
  /** The first is that of jobs which name none. */
  readonly namespaces: readonly [string, ...string[]];
  readonly objectStore: ObjectStore;
  /** Variables that every job gets: where the services are, no secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Removes a place of checkpoints from the object store; null where that keeps none. */
  readonly clearStored: ((place: string) => Promise<void>) | null;
  readonly patience?: Partial<Patience>;
}

/**
 * Jobs as batch/v1 Jobs. Any worker finds a job by its name; how it ended is written into the object store once, so that it
 * stays known when Job, pod and node are gone.
 */
export function createKubernetesJobCluster(options: KubernetesJobClusterOptions): JobCluster & { close(): void } {
  const { kubeConfig, namespaces, objectStore, environment, clearStored } = options;
  const api = createJobApi(kubeConfig);
  const records = createJobRecords(objectStore);
  const patience = { ...PATIENCE, ...options.patience };
  const caches = new Map<string, NamespaceCache>();
  const look = createLook({ api, records, patience });
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
      const trouble = found?.cache.trouble();
      if (trouble && performance.now() - trouble.sinceMs > patience.troubleMsMax) throw unseen(name, trouble);
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
    const isGone = await untilGone(found, { ...api, ...patience });
    const logTail = (await lastWords?.()) ?? '';
    const { startedAt } = stateOf(seenJob(job, pod), Date.now(), patience);
    const left = `: its node ${cache.pod(objectName(name))?.spec?.nodeName ?? '?'} is not heard of, and it may go on there until the node is back`;
    const stopped = { type: 'JobStopped' as const, message: `stopped on request${isGone ? '' : left}`, logTail };
    await records.settle(endOf(job, { phase: 'Failed', startedAt, endedAt: new Date().toISOString(), failure: stopped }));
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
    const cache = caches.get(namespace) ?? openNamespaceCache({ kubeConfig, ...api }, namespace, patience);
    caches.set(namespace, cache);
    await cache.ready();
    return cache;
  }

  /** From what the watches saw; only a job that they have not seen (yet) is asked for. */
  async function find(name: string): Promise<FoundJob | null> {
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

/** The job goes on, whatever its watcher may see. */
function unseen(name: string, { sinceMs, error }: WatchTrouble): RatchetError {
  const remedy =
    error.type === 'AccessDenied'
      ? 'give the worker the rights in deploy/kubernetes/worker-rbac.yaml, or credentials that hold'
      : 'look why this worker does not reach the API server';
  const seconds = Math.round((performance.now() - sinceMs) / 1000);
  return new RatchetError('ClusterUnavailable', `job ${name}: it could not be watched for ${seconds} s: ${error.message}`, {
    remedy: `${remedy}; the watch goes on by itself as soon as it may`,
    cause: error,
  });
}

function runningJob({ metadata }: V1Job): { name: string; model: string; cycle: number } {
  return {
    name: metadata?.annotations?.[NAME_ANNOTATION] ?? metadata!.name!,
    model: metadata?.labels?.[MODEL_LABEL] ?? '',
    cycle: Number(metadata?.labels?.[CYCLE_LABEL]),
  };
}

function isEnded({ phase }: Job): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
