import type { V1Pod } from '@kubernetes/client-node';
import { lastProgressIn, type JobProgress } from '../../domain/job-progress.js';

/** So often is a job's log looked at: watching costs no request, progress a few. */
const lookMsMin = 30_000;
const looksAtOnceMax = 8;
/** Of all logs together, however many jobs run: beyond 300 jobs each is looked at less often. */
const looksPerMinuteMax = 600;
/** Whom nobody has asked about for so long is watched by nobody. */
const forgottenMs = 120_000;

export interface SeenProgress {
  readonly progress: JobProgress | null;
  /** When a log was last read; null: not yet, or it could never be. */
  readonly readAt: string | null;
}

interface Followed extends SeenProgress {
  readonly askedMs: number;
  readonly lookedMs: number;
}

const unread: Followed = { progress: null, readAt: null, askedMs: 0, lookedMs: -Infinity };

/**
 * What jobs say of their progress in their logs. Asking is free and answers with what was last seen; at most once in half a
 * minute per pod, and 600 times a minute in all, it also has a log read again.
 *
 * @param readLog null: its node, or the API server, does not answer
 */
export function followProgress(readLog: (pod: V1Pod) => Promise<string | null>) {
  const seen = new Map<string, Followed>();
  let looking = 0;
  let nextLookMs = -Infinity;
  return { progressOf, lastProgress };

  function progressOf(pod: V1Pod): SeenProgress {
    const uid = pod.metadata?.uid ?? '';
    const nowMs = performance.now();
    const last = { ...(seen.get(uid) ?? unread), askedMs: nowMs };
    seen.set(uid, last);
    const lookMs = Math.max(lookMsMin, (seen.size / looksPerMinuteMax) * 60_000);
    if (looking < looksAtOnceMax && nowMs >= nextLookMs && nowMs - last.lookedMs > lookMs) void look(uid, pod);
    return last;
  }

  async function look(uid: string, pod: V1Pod): Promise<void> {
    looking += 1;
    const nowMs = performance.now();
    nextLookMs = nowMs + 60_000 / looksPerMinuteMax;
    seen.set(uid, { ...(seen.get(uid) ?? unread), lookedMs: nowMs });
    for (const [other, { askedMs }] of seen) if (nowMs - askedMs > forgottenMs) seen.delete(other);
    try {
      const log = await readLog(pod);
      const last = seen.get(uid);
      if (log === null || last === undefined) return;
      seen.set(uid, { ...last, progress: lastProgressIn(log) ?? last.progress, readAt: new Date().toISOString() });
    } finally {
      looking -= 1;
    }
  }

  /** Of a pod that has ended; afterwards it is forgotten. */
  function lastProgress(pod: V1Pod): JobProgress | null {
    const uid = pod.metadata?.uid ?? '';
    const { progress = null } = seen.get(uid) ?? {};
    seen.delete(uid);
    return progress;
  }
}
