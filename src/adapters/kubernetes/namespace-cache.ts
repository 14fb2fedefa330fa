import { makeInformer } from '@kubernetes/client-node';
import type {
  BatchV1Api,
  CoreV1Api,
  Informer,
  KubeConfig,
  KubernetesListObject,
  KubernetesObject,
  V1Job,
  V1Pod,
} from '@kubernetes/client-node';
import { RatchetError } from '../../domain/failure.js';
import { nextWake } from '../next-wake.js';
import { explainApiError } from './api-error.js';
import { slimJob, slimPod } from './slim-objects.js';
import { CYCLE_LABEL, FIELD_MANAGER, JOB_NAME_LABEL, MANAGED_LABEL, MODEL_LABEL } from './job-names.js';

/** Of a list that is asked for at once: thousands of objects in one answer are more than a worker has room for. */
const pageObjectsMax = 250;
const selector = `${MANAGED_LABEL}=${FIELD_MANAGER},${MODEL_LABEL},${CYCLE_LABEL}`;
/** The server ends each watch after this long, and it is taken up where it stood: one that fell silent is noticed. */
const watchSeconds = 240;
const silentMsMax = 2 * watchSeconds * 1000;
const restartMsMin = 200;
const restartMsMax = 10_000;
const readyMsMax = 30_000;

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
  close(): void;
}

export function openNamespaceCache(
  { kubeConfig, batch, core }: { kubeConfig: KubeConfig; batch: BatchV1Api; core: CoreV1Api },
  namespace: string,
): NamespaceCache {
  const jobs = new Map<string, V1Job>();
  const pods = new Map<string, Map<string, V1Pod>>();
  const waiting = new Map<string, Set<() => void>>();
  const query = `timeoutSeconds=${watchSeconds}`;
  const selected = { namespace, labelSelector: selector, limit: pageObjectsMax };
  const jobWatch = keepWatching<V1Job>(kubeConfig, `/apis/batch/v1/namespaces/${namespace}/jobs?${query}`, () =>
    inPages((page) => batch.listNamespacedJob({ ...selected, ...page }), slimJob),
  );
  const podWatch = keepWatching<V1Pod>(kubeConfig, `/api/v1/namespaces/${namespace}/pods?${query}`, () =>
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

interface KeptWatch<T> {
  ready(): Promise<void>;
  onChange(tell: (object: T, isGone: boolean) => void): void;
  close(): void;
}

/** An informer that is started again whatever ends it; one whose resource version is too old lists everything anew. */
function keepWatching<T extends KubernetesObject>(
  kubeConfig: KubeConfig,
  path: string,
  list: () => Promise<KubernetesListObject<T>>,
): KeptWatch<T> {
  let isListed = false;
  let isClosed = false;
  let lastError: unknown;
  let aliveMs = performance.now();
  let restartMs = restartMsMin;
  let timer: NodeJS.Timeout | undefined;
  const listeners = new Set<() => void>();
  const informer: Informer<T> = makeInformer(kubeConfig, path, listAndTell, selector);
  informer.on('connect', () => (aliveMs = performance.now()));
  informer.on('error', (error) => {
    lastError = error;
    startLater();
  });
  const watchdog = setInterval(() => {
    if (performance.now() - aliveMs <= silentMsMax) return;
    void informer.stop(); // which tells an error where a request was open, and else nothing
    startLater();
  }, 30_000);
  watchdog.unref();
  start();
  return {
    ready,
    onChange(tell) {
      informer.on('add', (object) => tell(object, false));
      informer.on('update', (object) => tell(object, false));
      informer.on('delete', (object) => tell(object, true));
    },
    close() {
      isClosed = true;
      clearInterval(watchdog);
      clearTimeout(timer);
      void informer.stop();
    },
  };

  function startLater(): void {
    clearTimeout(timer);
    if (isClosed) return;
    timer = setTimeout(start, restartMs);
    restartMs = Math.min(restartMs * 2, restartMsMax);
  }

  function start(): void {
    if (!isClosed) void informer.start().catch((error: unknown) => (lastError = error));
  }

  async function listAndTell(): Promise<KubernetesListObject<T>> {
    const found = await list();
    restartMs = restartMsMin;
    setImmediate(() => {
      isListed = true;
      for (const tell of listeners) tell();
    });
    return found;
  }

  async function ready(): Promise<void> {
    if (isListed) return;
    await new Promise<void>((resolve, reject) => {
      const done = () => {
        clearTimeout(limit);
        listeners.delete(done);
        resolve();
      };
      const limit = setTimeout(() => {
        listeners.delete(done);
        reject(
          lastError === undefined
            ? new RatchetError(
                'ClusterUnavailable',
                `${path}: expected an answer of the Kubernetes API server within ${readyMsMax / 1000} s`,
              )
            : explainApiError(lastError, path),
        );
      }, readyMsMax);
      listeners.add(done);
    });
  }
}
