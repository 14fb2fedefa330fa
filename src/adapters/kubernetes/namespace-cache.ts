import type { BatchV1Api, CoreV1Api, KubeConfig, KubernetesListObject, KubernetesObject, V1Job, V1Pod } from '@kubernetes/client-node';
import { nextWake } from '../next-wake.js';
import { keepWatching, type WatchTrouble } from './kept-watch.js';
import type { Patience } from './patience.js';
import { slimJob, slimPod } from './slim-objects.js';
import { CYCLE_LABEL, FIELD_MANAGER, JOB_NAME_LABEL, MANAGED_LABEL, MODEL_LABEL } from './job-names.js';

/** Of a list that is asked for at once: thousands of objects in one answer are more than a worker has room for. */
const pageObjectsMax = 250;
const selector = `${MANAGED_LABEL}=${FIELD_MANAGER},${MODEL_LABEL},${CYCLE_LABEL}`;

/** Our Jobs and their pods in one namespace, as two watches keep them: however many jobs are watched, nobody polls. */
export interface NamespaceCache {
  /** Returns once it has seen everything. @throws {RatchetError} ClusterUnavailable, AccessDenied */
  ready(): Promise<void>;
  job(objectName: string): V1Job | null;
  /** The newest pod of a Job; also one that is gone, as long as its Job is there, where it has said how it ended. */
  pod(objectName: string): V1Pod | null;
  jobs(): readonly V1Job[];
  /** The next change of a Job or its pods; at the latest after `ms`, or when the signal fires. */
  changed(objectName: string, ms: number, signal: AbortSignal): Promise<void>;
  /** The longest time for which one of its watches has not been connected, until now; null: both are. */
  trouble(): WatchTrouble | null;
  close(): void;
}

export function openNamespaceCache(
  { kubeConfig, batch, core }: { kubeConfig: KubeConfig; batch: BatchV1Api; core: CoreV1Api },
  namespace: string,
  patience: Patience,
): NamespaceCache {
  const jobs = new Map<string, V1Job>();
  const pods = new Map<string, Map<string, V1Pod>>();
  const waiting = new Map<string, Set<() => void>>();
  const selected = { namespace, labelSelector: selector, limit: pageObjectsMax };
  const jobWatch = keepWatching<V1Job>({ kubeConfig, path: `/apis/batch/v1/namespaces/${namespace}/jobs`, selector, patience }, () =>
    inPages((page) => batch.listNamespacedJob({ ...selected, ...page }), slimJob),
  );
  const podWatch = keepWatching<V1Pod>({ kubeConfig, path: `/api/v1/namespaces/${namespace}/pods`, selector, patience }, () =>
    inPages((page) => core.listNamespacedPod({ ...selected, ...page }), slimPod),
  );
  jobWatch.onChange((job, isGone) => {
    const name = slimJob(job).metadata!.name!;
    if (isGone) {
      jobs.delete(name);
      pods.delete(name);
    } else jobs.set(name, job);
    wake(name);
  });
  podWatch.onChange((pod, isGone) => {
    const name = slimPod(pod).metadata!.labels?.[JOB_NAME_LABEL] ?? '';
    const siblings = pods.get(name) ?? new Map<string, V1Pod>();
    if (isGone && !(jobs.has(name) && saysItsEnd(pod))) siblings.delete(pod.metadata!.name!);
    else siblings.set(pod.metadata!.name!, pod);
    if (siblings.size > 0) pods.set(name, siblings);
    else pods.delete(name);
    wake(name);
  });
  return {
    async ready() {
      await Promise.all([jobWatch.ready(), podWatch.ready()]);
    },
    job: (objectName) => jobs.get(objectName) ?? null,
    pod: (objectName) => newest([...(pods.get(objectName)?.values() ?? [])]),
    jobs: () => [...jobs.values()],
    changed,
    trouble() {
      const [one, other] = [jobWatch.trouble(), podWatch.trouble()];
      return one && other ? (one.sinceMs < other.sinceMs ? one : other) : (one ?? other);
    },
    close() {
      jobWatch.close();
      podWatch.close();
    },
  };

  function wake(name: string): void {
    for (const resolve of waiting.get(name) ?? []) resolve();
  }

  async function changed(name: string, ms: number, signal: AbortSignal): Promise<void> {
    const waiters = waiting.get(name) ?? new Set();
    waiting.set(name, waiters);
    await nextWake(waiters, ms, signal);
    if (waiters.size === 0 && waiting.get(name) === waiters) waiting.delete(name);
  }
}

/** One that is told to go is gone as soon as it has ended: before anybody asks it how. */
function saysItsEnd({ status }: V1Pod): boolean {
  return (
    status?.phase === 'Failed' ||
    status?.phase === 'Succeeded' ||
    (status?.conditions?.some((condition) => condition.type === 'DisruptionTarget' && condition.status === 'True') ?? false)
  );
}

/** A whole list, as it stood when its first page was asked for. */
async function inPages<T extends KubernetesObject>(
  ask: (page: { _continue?: string }) => Promise<KubernetesListObject<T>>,
  slim: (object: T) => T,
): Promise<KubernetesListObject<T>> {
  const items: T[] = [];
  for (let page: { _continue?: string } = {}; ;) {
    const found = await ask(page);
    items.push(...found.items.map(slim));
    const next = found.metadata?._continue;
    if (!next) return { ...found, items };
    page = { _continue: next };
  }
}

/** The newest by its creation: of one Job's pods the last one counts. */
export function newest(pods: readonly V1Pod[]): V1Pod | null {
  const made = ({ metadata }: V1Pod) => new Date(metadata?.creationTimestamp ?? 0).getTime();
  return pods.reduce<V1Pod | null>((last, pod) => (last === null || made(pod) >= made(last) ? pod : last), null);
}
