import { ListWatch, Watch } from '@kubernetes/client-node';
import type { KubeConfig, KubernetesListObject, KubernetesObject } from '@kubernetes/client-node';
import { RatchetError } from '../../domain/failure.js';
import { explainApiError } from './api-error.js';
import type { Patience } from './patience.js';

/** The server ends each watch after this long, and it is taken up where it stood: one that fell silent is noticed. */
const watchSeconds = 240;
const restartMsMin = 200;
const restartMsMax = 10_000;
const readyMsMax = 30_000;
const watchdogMs = 30_000;

/** Since when a watch has not been connected, by `performance.now()`, and why. */
export interface WatchTrouble {
  readonly sinceMs: number;
  readonly error: RatchetError;
}

export interface KeptWatch<T> {
  /** Returns once it has listed everything. @throws {RatchetError} ClusterUnavailable, AccessDenied */
  ready(): Promise<void>;
  onChange(tell: (object: T, isGone: boolean) => void): void;
  /** null: it is connected, or about to be for the first time. */
  trouble(): WatchTrouble | null;
  close(): void;
}

export interface Watched {
  readonly kubeConfig: KubeConfig;
  readonly path: string;
  readonly selector: string;
  readonly patience: Patience;
}

/** An informer that is started again whatever ends it; one whose resource version is too old lists everything anew. */
export function keepWatching<T extends KubernetesObject>(
  { kubeConfig, path, selector, patience: { silentMsMax } }: Watched,
  list: () => Promise<KubernetesListObject<T>>,
): KeptWatch<T> {
  let isListed = false;
  let isClosed = false;
  let trouble: { sinceMs: number; error: unknown } | null = null;
  let connectedMs = performance.now();
  let startedMs = connectedMs;
  let restartMs = restartMsMin;
  let timer: NodeJS.Timeout | undefined;
  const listeners = new Set<() => void>();
  const watch = tellingWatch(kubeConfig, () => {
    connectedMs = performance.now();
    restartMs = restartMsMin;
    trouble = null;
  });
  const informer = new ListWatch<T>(`${path}?timeoutSeconds=${watchSeconds}`, watch, listAndTell, false, selector);
  informer.on('error', failed);
  const watchdog = setInterval(
    () => {
      const isAboutToStart = timer !== undefined; // put off at each look, it would never come
      if (isAboutToStart || performance.now() - Math.max(connectedMs, startedMs) <= silentMsMax) return;
      void informer.stop(); // which tells an error where a request was open, and else nothing
      const words = `${path}: expected to hear of the Kubernetes API server within ${silentMsMax / 1000} s, heard nothing`;
      trouble = { sinceMs: trouble?.sinceMs ?? connectedMs, error: new RatchetError('ClusterUnavailable', words) };
      startLater();
    },
    Math.min(watchdogMs, silentMsMax / 4),
  );
  watchdog.unref();
  start();
  return {
    ready,
    onChange(tell) {
      informer.on('add', (object) => tell(object, false));
      informer.on('update', (object) => tell(object, false));
      informer.on('delete', (object) => tell(object, true));
    },
    trouble: () => trouble && { sinceMs: trouble.sinceMs, error: explainApiError(trouble.error, path) },
    close() {
      isClosed = true;
      clearInterval(watchdog);
      clearTimeout(timer);
      void informer.stop();
    },
  };

  function failed(error: unknown): void {
    const isOurs = error instanceof Error && error.name === 'AbortError'; // the watchdog's, which has said why
    if (!isOurs) trouble = { sinceMs: trouble?.sinceMs ?? performance.now(), error };
    startLater();
  }

  function startLater(): void {
    clearTimeout(timer);
    if (isClosed) return;
    timer = setTimeout(start, restartMs);
    restartMs = Math.min(restartMs * 2, restartMsMax);
  }

  function start(): void {
    timer = undefined;
    if (isClosed) return;
    startedMs = performance.now();
    void informer.start().catch(failed);
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
        const silent = `${path}: expected an answer of the Kubernetes API server within ${readyMsMax / 1000} s`;
        reject(trouble ? explainApiError(trouble.error, path) : new RatchetError('ClusterUnavailable', silent));
      }, readyMsMax);
      listeners.add(done);
    });
  }
}

/**
 * Says when the server has begun to answer: an informer tells only that it is about to ask. Where it cannot even ask (credentials
 * come from a program that fails) it ends as by any other error; an informer would leave that to nobody.
 */
function tellingWatch(kubeConfig: KubeConfig, connected: () => void): Watch {
  const watch = new Watch(kubeConfig);
  const ask = watch.watch.bind(watch);
  watch.watch = async (path, query, callback, done) => {
    let isOver = false;
    const end = (error: unknown) => {
      isOver = true;
      done(error);
    };
    try {
      const asked = await ask(path, query, callback, end);
      if (!isOver) connected();
      return asked;
    } catch (error) {
      end(error);
      return new AbortController();
    }
  };
  return watch;
}
