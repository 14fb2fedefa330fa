import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { awaitOutcome, endOfWaiting } from '../../src/cli/await-outcome.js';
import type { Terminal } from '../../src/cli/terminal.js';

const DAY_MS = 86_400_000;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const waiting = (timeoutSeconds?: number, interrupted = new AbortController().signal): AbortSignal =>
  endOfWaiting({ terminal: { interrupted } as Terminal }, timeoutSeconds);

test.for([1 / 86_400, 24, 25, 90, 366])('waits for people as long as it was told: %d days', (days) => {
  const signal = waiting(days * 86_400);
  vi.advanceTimersByTime(days * DAY_MS - 1);
  expect(signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(signal.aborted).toBe(true);
});

test('is interrupted before its end, and has none where no time was named', () => {
  const interrupt = new AbortController();
  const [timed, endless] = [waiting(3600, interrupt.signal), waiting(undefined, interrupt.signal)];
  vi.advanceTimersByTime(3_599_999);
  expect([timed.aborted, endless.aborted]).toEqual([false, false]);
  interrupt.abort();
  expect([timed.aborted, endless.aborted]).toEqual([true, true]);
});

test('a trigger that did not come to its turn is not told to end the cycle before it, which is somebody else’s', async () => {
  const cli = { terminal: { interrupted: AbortSignal.abort() } as Terminal, tell: () => undefined };
  const waited = awaitOutcome(cli as never, {} as never, { model: () => ({}) } as never, 'flights', 'mine');
  await expect(waited).rejects.toMatchObject({
    message: 'stopped waiting: interrupted; it has not begun, and the trigger stays in the queue',
    remedy: 'what it waits for: `ratchet why flights`',
  });
});
