import type { FailureClass, FailureType } from '../failure.js';

export interface Attempt {
  /** Names the job. */
  readonly attempt: number;
  readonly memoryFactor: number;
  /** So many of the attempts so far do not count against `attemptsMax`; absent: none. */
  readonly uncounted?: number;
  /** The farthest step that any attempt so far was seen at, in whatever unit the job counts; absent: none said. */
  readonly step?: number;
}

export interface AttemptLimits {
  readonly attemptsMax: number;
  readonly memoryMiB: number;
  readonly memoryMiBMax: number;
}

const WAIT_SECONDS_MAX = 300;

/**
 * Of one stage, however well each got on: some 2,300 events, beyond the 400 that a cycle else may have. More would make a history
 * that is slow to read again.
 */
const ATTEMPTS_MAX = 100;

/** What a job may end for that is not its own doing, and what is waited for then. */
const WAITED_FOR: Partial<Record<FailureType, string>> = {
  ClusterFull: 'room on the cluster',
  ClusterUnavailable: 'the cluster',
  StoreFull: 'room in the store',
  StoreUnavailable: 'the store',
  RegistryUnavailable: 'the registry',
};

/**
 * Soon at first, then as seldom as a day of it takes: a try costs some 23 events, and the 400 that a cycle may have are to do.
 * All pauses of one cycle together.
 */
const PAUSE_MINUTES = [1, 3, 10, 30, 30, 60, 120, 240, 240, 360, 360];
const PAUSES_HOURS = Math.round(PAUSE_MINUTES.reduce((sum, minutes) => sum + minutes, 0) / 60);

/**
 * The next attempt of a job that failed, or null where another one cannot help. Pure.
 *
 * lost: again, at once. transient (the job said "temporary"): again, after a growing wait. starved: again with twice the
 * memory, up to the spec's ceiling. invalid, rejected, conflict: never.
 */
export function nextAttempt(current: Attempt, failure: FailureClass, limits: AttemptLimits): (Attempt & { waitSeconds: number }) | null {
  const attempt = current.attempt + 1;
  const { uncounted = 0 } = current;
  if (attempt - uncounted > limits.attemptsMax) return null;
  switch (failure) {
    case 'lost':
      return { ...current, attempt, waitSeconds: 0 };
    case 'transient':
      return { ...current, attempt, waitSeconds: Math.min(WAIT_SECONDS_MAX, 5 * 2 ** (current.attempt - uncounted - 1)) };
    case 'starved':
      if (limits.memoryMiB * current.memoryFactor >= limits.memoryMiBMax) return null;
      return { ...current, attempt, memoryFactor: current.memoryFactor * 2, waitSeconds: 0 };
    case 'invalid':
    case 'rejected':
    case 'conflict':
      return null;
  }
}

/**
 * The attempt after a loss that took nothing but time: this one was seen farther than all before, and its checkpoints are there, so it
 * does not count. null: it counts. Pure.
 * @param step where the lost attempt was last seen; null: it did not say, or keeps no checkpoints
 */
export function attemptThatGoesOn(current: Attempt, step: number | null): Attempt | null {
  if (step === null || step <= (current.step ?? 0) || current.attempt >= ATTEMPTS_MAX) return null;
  return { ...current, attempt: current.attempt + 1, uncounted: (current.uncounted ?? 0) + 1, step };
}

/** What the cycle waits for where a job ended for this, in words; null: nothing, the attempt counts. */
export function waitsFor(failure: FailureType): string | null {
  return WAITED_FOR[failure] ?? null;
}

/**
 * The attempt after a pause for what is waited for, which does not count; null: this cycle has waited for long enough. Pure.
 * @param pauses how many this cycle has made so far, in whatever stage
 */
export function attemptAfterPause(current: Attempt, pauses: number): (Attempt & { waitSeconds: number }) | null {
  const minutes = PAUSE_MINUTES[pauses];
  if (minutes === undefined) return null;
  return { ...current, attempt: current.attempt + 1, uncounted: (current.uncounted ?? 0) + 1, waitSeconds: minutes * 60 };
}

/** Why a cycle waits no longer. */
export function waitedInVain(what: string): string {
  return `waited for ${what} ${PAUSE_MINUTES.length} times, ${PAUSES_HOURS} hours in all`;
}
