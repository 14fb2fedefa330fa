import { setTimeout as sleep } from 'node:timers/promises';
import { nextWake } from '../next-wake.js';
import type { ListedJob } from './sagemaker-jobs.js';
import { isOver } from './seen-job.js';
import type { SeenJob } from './seen-job.js';

const backoffMsMax = 120_000;
/** Lists go back a little further than the last look: SageMaker's clock is not ours, and lists lag behind. */
const overlapMs = 120_000;
/** So many describes at once are more than the lists cost: those that run are then taken from a list of them. */
const crowd = 100;
/** Beyond this each job is described less often, so that calls per minute stay what they are. */
const fullPaceMax = 1000;

/** SageMaker's calls, whichever kind of job it is. */
export interface PolledJobs {
  describe(sageMakerName: string): Promise<SeenJob | null>;
  list(filter: { sinceMs: number } | { running: true }): AsyncIterable<ListedJob>;
}

export interface JobPollerOptions {
  /** Between two looks at the lists. */
  readonly everyMs: number;
  /** Each watched job is described so often, whatever the lists say. */
  readonly describeEveryMs: number;
  /** Between two calls of describe: the account's limit is shared with people and other tools. */
  readonly gapMs: number;
}

export interface FollowedJob {
  /** What was seen last; null before the first look. */
  seen(): SeenJob | null;
  /** There is no such job. */
  isMissing(): boolean;
  /** Since when SageMaker cannot be asked, and why; null where it can. */
  trouble(): { readonly sinceMs: number; readonly error: unknown } | null;
  /** How much less often than usual each job is looked at, because so many are; at least 1. */
  slowness(): number;
  /** The next change, the end of the time or of the signal, whichever is first. */
  change(signal: AbortSignal, ms: number): Promise<void>;
  leave(): void;
}

interface Watched {
  seen: SeenJob | null;
  isMissing: boolean;
  /** A list of those that run was read since it is watched: it may be described. */
  isListed: boolean;
  dueMs: number;
  followers: number;
  readonly waiting: Set<() => void>;
}

/**
 * One look for all watched jobs: the lists name those that changed, and only they are described. However many jobs are
 * watched, and however many come at once, a quiet minute costs a call per look and kind; each change costs one more.
 */
export function createJobPoller(jobs: PolledJobs, { everyMs, describeEveryMs, gapMs }: JobPollerOptions) {
  const watched = new Map<string, Watched>();
  let trouble: { sinceMs: number; error: unknown; tries: number } | null = null;
  let loop: Promise<void> | null = null;
  let hurry = new AbortController();
  /** When a list of changes was last asked for: by the clock of SageMaker's times, and by one that never jumps. */
  let listed: { readonly atMs: number; readonly clockMs: number } | null = null;
  const slowness = (): number => Math.max(1, watched.size / fullPaceMax);
  return { follow };

  function follow(sageMakerName: string): FollowedJob {
    const entry = watched.get(sageMakerName) ?? {
      seen: null,
      isMissing: false,
      isListed: false,
      dueMs: 0,
      followers: 0,
      waiting: new Set(),
    };
    watched.set(sageMakerName, entry);
    entry.followers += 1;
    if (entry.isMissing) Object.assign(entry, { isMissing: false, dueMs: 0 });
    hurry.abort();
    loop ??= look().finally(() => (loop = null));
    return {
      seen: () => entry.seen,
      isMissing: () => entry.isMissing,
      trouble: () => trouble,
      slowness,
      change: (signal, ms) => nextWake(entry.waiting, ms, signal),
      leave() {
        entry.followers -= 1;
        if (entry.followers > 0) return;
        watched.delete(sageMakerName);
        if (watched.size === 0) hurry.abort();
      },
    };
  }

  async function look(): Promise<void> {
    while (watched.size > 0) {
      hurry = new AbortController();
      try {
        await lookOnce();
        trouble = null;
      } catch (error) {
        trouble = { sinceMs: trouble?.sinceMs ?? Date.now(), error, tries: (trouble?.tries ?? 0) + 1 };
        wakeAll();
      }
      const pauseMs = trouble ? Math.min(backoffMsMax, everyMs * 2 ** trouble.tries) : untilListsMs();
      // One who comes new does not wait for the next look, but while SageMaker is in trouble nobody hurries it.
      await sleep(pauseMs, undefined, { signal: trouble ? undefined : hurry.signal }).catch(() => undefined);
    }
    listed = null;
  }

  function untilListsMs(): number {
    return listed === null ? 0 : Math.max(0, listed.clockMs + everyMs - performance.now());
  }

  /** The lists, where it is time for them, and what is due; long before thousands are described it is time for the lists again. */
  async function lookOnce(): Promise<void> {
    if (untilListsMs() === 0) await readLists();
    const isCrowd = unseen().length > crowd;
    for (const [name, entry] of watched) {
      if (entry.dueMs > Date.now() || (isCrowd && !entry.isListed)) continue;
      const startMs = performance.now();
      const seen = await jobs.describe(name);
      entry.dueMs = Date.now() + describeEveryMs * slowness() * (0.75 + 0.5 * Math.random());
      settle(entry, seen);
      await sleep(Math.max(0, gapMs - (performance.now() - startMs)));
      if (untilListsMs() === 0) return;
    }
  }

  /** Of thousands that nobody has described yet, as after a start of the worker, most run: one list says which. */
  async function readLists(): Promise<void> {
    const now = { atMs: Date.now(), clockMs: performance.now() };
    const fresh = unseen();
    if (listed === null || fresh.length > crowd) await readList({ running: true });
    for (const entry of fresh) entry.isListed = true;
    if (listed !== null) await readList({ sinceMs: listed.atMs - overlapMs });
    listed = now;
  }

  async function readList(filter: { sinceMs: number } | { running: true }): Promise<void> {
    for await (const job of jobs.list(filter)) {
      const entry = watched.get(job.sageMakerName);
      if (!entry) continue;
      if (entry.seen === null && job.status === 'InProgress' && watched.size > crowd) settle(entry, runningUnseen(job, entry));
      else if (entry.seen?.status !== job.status || job.modifiedMs > entry.seen.modifiedMs) entry.dueMs = 0;
    }
  }

  function unseen(): Watched[] {
    return [...watched.values()].filter(({ seen, isMissing }) => seen === null && !isMissing);
  }

  function runningUnseen(job: ListedJob, entry: Watched): SeenJob {
    entry.dueMs = Date.now() + describeEveryMs * slowness() * Math.random();
    return {
      ...job,
      secondaryStatus: null,
      statusMessage: null,
      failureReason: '',
      environment: null,
      startedAt: null,
      endedAt: null,
      billed: null,
    };
  }

  function settle(entry: Watched, seen: SeenJob | null): void {
    entry.isMissing = seen === null;
    entry.seen = seen;
    if (seen && isOver(seen)) entry.dueMs = Infinity;
    for (const wake of entry.waiting) wake();
  }

  function wakeAll(): void {
    for (const { waiting } of watched.values()) for (const wake of waiting) wake();
  }
}
