import { statSync } from 'node:fs';
import { nextWake } from '../next-wake.js';
import { jobPaths } from './job-folder.js';

const pollMsMin = 25;
const pollMsMax = 200;
/** Many watched jobs are looked at less often each: so much time per job keeps the looks to a few percent of a core. */
const msPerJob = 0.2;
/** A supervisor that was killed changes no file: so often it is looked for, and less often where many are watched. */
const checkMsMin = 1000;
const checkMsPerJob = 2;
/** Two changes within one tick of a file system's clock look like one. */
const youngMs = 100;

/** A job's folder as one of many that are looked at in turn. */
export interface FollowedFolder {
  /** The next change since the last call (since `follow`), at the latest after `ms` or when the signal fires. */
  changed(ms: number, signal: AbortSignal): Promise<void>;
  /** How long its files may stand still before everything is looked at. */
  checkMs(): number;
  leave(): void;
}

interface Followed {
  readonly folder: string;
  signature: string;
  hasChanged: boolean;
  pollMs: number;
  dueMs: number;
  readonly waiting: Set<() => void>;
}

/** One timer looks at the folders of all watched jobs: what each costs is two file times, whatever the job has to say. */
export function createJobWatcher() {
  const followed = new Set<Followed>();
  let timer: NodeJS.Timeout | undefined;
  return { follow };

  function follow(folder: string): FollowedFolder {
    const entry: Followed = {
      folder,
      signature: signatureOf(folder),
      hasChanged: false,
      pollMs: pollMsMin,
      dueMs: performance.now() + pollMsMin,
      waiting: new Set(),
    };
    followed.add(entry);
    timer ??= setTimeout(look, pollMsMin);
    return {
      async changed(ms, signal) {
        if (!entry.hasChanged) await nextWake(entry.waiting, ms, signal);
        entry.hasChanged = false;
      },
      checkMs: () => Math.max(checkMsMin, followed.size * checkMsPerJob),
      leave() {
        followed.delete(entry);
        if (followed.size > 0) return;
        clearTimeout(timer);
        timer = undefined;
      },
    };
  }

  function look(): void {
    const nowMs = performance.now();
    for (const entry of followed) {
      if (entry.dueMs > nowMs) continue;
      entry.pollMs = Math.min(entry.pollMs * 1.5, pollMsMax);
      entry.dueMs = nowMs + Math.max(entry.pollMs, followed.size * msPerJob);
      const signature = signatureOf(entry.folder);
      if (signature === entry.signature) continue;
      entry.signature = signature;
      entry.hasChanged = true;
      for (const wake of entry.waiting) wake();
    }
    timer = setTimeout(look, pollMsMin);
  }
}

/** Differs where a file came, went or was replaced, or the progress was written. A change just now is looked at once more. */
function signatureOf(folder: string): string {
  const files = statSync(folder, { throwIfNoEntry: false });
  const progress = statSync(jobPaths(folder).progress, { throwIfNoEntry: false });
  const changedMs = Math.max(files?.mtimeMs ?? 0, progress?.mtimeMs ?? 0);
  const nowMs = Date.now();
  const isYoung = Math.abs(nowMs - changedMs) < youngMs;
  return `${files?.mtimeMs}/${progress?.mtimeMs}/${progress?.size}${isYoung ? `/${nowMs}` : ''}`;
}
