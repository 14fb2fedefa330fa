import { expect, test } from 'vitest';
import type { ModelHandle } from '../../src/client/model-handle.js';
import { awaitCycleOf } from '../../src/client/watch-cycle.js';
import type { LifecycleState } from '../../src/workflows/messages.js';

const queued = (key: string, openCycle: number | null): Partial<LifecycleState> => ({
  openCycle,
  queue: [{ trigger: { key, kind: 'person', requestedBy: 'ana', reason: '' }, atMs: 0 }] as never,
  seenKeys: [{ key, atMs: 0, cycle: null }],
});
const left = (key: string, openCycle: number | null, cycle: number | null): Partial<LifecycleState> => ({
  openCycle,
  queue: [],
  seenKeys: [{ key, atMs: 0, cycle }],
});

/** A lifecycle that is seen in one state after the other. */
function modelIn(states: readonly Partial<LifecycleState>[]): ModelHandle {
  let looks = 0;
  const state = () => Promise.resolve({ trouble: null, paused: false, ...states[Math.min(looks++, states.length - 1)] });
  return { model: 'flights', state } as never;
}

test('a trigger behind other cycles tells each of them once, and never its own', async () => {
  const told: string[] = [];
  const model = modelIn([
    queued('mine', 4),
    queued('mine', 4),
    queued('mine', 9),
    left('mine', null, null),
    left('mine', 14, null),
    left('mine', 14, 14),
  ]);
  const options = { signal: new AbortController().signal, pollMs: 1, onWait: (message: string) => void told.push(message) };
  expect(await awaitCycleOf(model, 'mine', options)).toBe(14);
  expect(told).toEqual(['waits: cycle 4 is open', 'waits: cycle 9 is open']);
});
