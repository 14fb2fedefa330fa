import { describe, expect, test } from 'vitest';
import {
  attemptAfterPause,
  attemptThatGoesOn,
  nextAttempt,
  waitedInVain,
  waitsFor,
  type Attempt,
} from '../../../src/domain/decide/next-attempt.js';
import type { FailureClass, FailureType } from '../../../src/domain/failure.js';

const limits = { attemptsMax: 3, memoryMiB: 1000, memoryMiBMax: 3000 };

describe('the next attempt', () => {
  test.for<[name: string, current: Attempt, failure: FailureClass, expected: ReturnType<typeof nextAttempt>]>([
    ['lost: at once', { attempt: 1, memoryFactor: 1 }, 'lost', { attempt: 2, memoryFactor: 1, waitSeconds: 0 }],
    ['temporary: after 5 s', { attempt: 1, memoryFactor: 1 }, 'transient', { attempt: 2, memoryFactor: 1, waitSeconds: 5 }],
    ['temporary again: after 10 s', { attempt: 2, memoryFactor: 1 }, 'transient', { attempt: 3, memoryFactor: 1, waitSeconds: 10 }],
    ['starved: twice the memory', { attempt: 1, memoryFactor: 1 }, 'starved', { attempt: 2, memoryFactor: 2, waitSeconds: 0 }],
    ['starved, over the ceiling', { attempt: 2, memoryFactor: 4 }, 'starved', null],
    ['too often', { attempt: 3, memoryFactor: 1 }, 'lost', null],
    ['wrong', { attempt: 1, memoryFactor: 1 }, 'invalid', null],
    ['refused', { attempt: 1, memoryFactor: 1 }, 'rejected', null],
    ['somebody else wrote', { attempt: 1, memoryFactor: 1 }, 'conflict', null],
    [
      'attempts that do not count keep their names, and no other from being made',
      { attempt: 7, memoryFactor: 2, uncounted: 6 },
      'transient',
      { attempt: 8, memoryFactor: 2, uncounted: 6, waitSeconds: 5 },
    ],
    ['the third that counts is the last', { attempt: 9, memoryFactor: 1, uncounted: 6 }, 'lost', null],
  ])('%s', ([, current, failure, expected]) => {
    expect(nextAttempt(current, failure, limits)).toEqual(expected);
  });
});

describe('what is waited for', () => {
  test.for<[failure: FailureType, words: string | null]>([
    ['ClusterFull', 'room on the cluster'],
    ['ClusterUnavailable', 'the cluster'],
    ['StoreFull', 'room in the store'],
    ['StoreUnavailable', 'the store'],
    ['RegistryUnavailable', 'the registry'],
    ['JobTemporary', null],
    ['JobLost', null],
    ['JobOutOfMemory', null],
    ['Unexpected', null],
    ['AccessDenied', null],
  ])('%s: %s', ([failure, words]) => {
    expect(waitsFor(failure)).toBe(words);
  });

  test('from a minute on, never sooner than before, for a day in all', () => {
    const pauses: number[] = [];
    let current: Attempt = { attempt: 1, memoryFactor: 2 };
    for (;;) {
      const next = attemptAfterPause(current, pauses.length);
      if (next === null) break;
      pauses.push(next.waitSeconds);
      expect(next).toMatchObject({ attempt: current.attempt + 1, memoryFactor: 2, uncounted: pauses.length });
      current = next;
    }
    expect(pauses[0]).toBe(60);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    const hours = pauses.reduce((sum, seconds) => sum + seconds, 0) / 3600;
    expect(hours).toBeGreaterThan(24);
    expect(hours).toBeLessThan(48);
    expect(waitedInVain('room')).toBe('waited for room 11 times, 24 hours in all');
    expect(nextAttempt(current, 'lost', limits)).toMatchObject({ attempt: 13 }); // none of them counted
  });
});

describe('a loss that took nothing but time does not count', () => {
  test.for<[name: string, current: Attempt, step: number | null, expected: Attempt | null]>([
    ['the first that got on', { attempt: 1, memoryFactor: 1 }, 100, { attempt: 2, memoryFactor: 1, uncounted: 1, step: 100 }],
    [
      'farther than all before',
      { attempt: 5, memoryFactor: 2, uncounted: 3, step: 100 },
      101,
      { attempt: 6, memoryFactor: 2, uncounted: 4, step: 101 },
    ],
    ['as far as before', { attempt: 2, memoryFactor: 1, step: 100 }, 100, null],
    ['at its beginning', { attempt: 1, memoryFactor: 1 }, 0, null],
    ['nobody knows how far', { attempt: 1, memoryFactor: 1 }, null, null],
    ['the hundredth', { attempt: 100, memoryFactor: 1, uncounted: 99, step: 100 }, 101, null],
  ])('%s', ([, current, step, expected]) => {
    expect(attemptThatGoesOn(current, step)).toEqual(expected);
  });
});
