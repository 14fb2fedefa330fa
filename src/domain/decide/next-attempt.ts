import type { FailureClass } from '../failure.js';

export interface Attempt {
  readonly attempt: number;
  readonly memoryFactor: number;
}

export interface AttemptLimits {
  readonly attemptsMax: number;
  readonly memoryMiB: number;
  readonly memoryMiBMax: number;
}

const WAIT_SECONDS_MAX = 300;

/**
 * The next attempt of a job that failed, or null where another one cannot help. Pure.
 *
 * lost: again, at once. transient (the job said "temporary"): again, after a growing wait. starved: again with twice the
 * memory, up to the spec's ceiling. invalid, rejected, conflict: never.
 */
export function nextAttempt(current: Attempt, failure: FailureClass, limits: AttemptLimits): (Attempt & { waitSeconds: number }) | null {
  const attempt = current.attempt + 1;
  if (attempt > limits.attemptsMax) return null;
  switch (failure) {
    case 'lost':
      return { attempt, memoryFactor: current.memoryFactor, waitSeconds: 0 };
    case 'transient':
      return { attempt, memoryFactor: current.memoryFactor, waitSeconds: Math.min(WAIT_SECONDS_MAX, 5 * 2 ** (current.attempt - 1)) };
    case 'starved':
      if (limits.memoryMiB * current.memoryFactor >= limits.memoryMiBMax) return null;
      return { attempt, memoryFactor: current.memoryFactor * 2, waitSeconds: 0 };
    case 'invalid':
    case 'rejected':
    case 'conflict':
      return null;
  }
}
