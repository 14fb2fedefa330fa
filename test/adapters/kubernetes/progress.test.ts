import type { V1Pod } from '@kubernetes/client-node';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { followProgress } from '../../../src/adapters/kubernetes/progress.js';

const pod = (uid: string): V1Pod => ({ metadata: { uid } });

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** As many watches ask every five seconds, for two and a half minutes. */
async function logsRead(count: number): Promise<number> {
  let reads = 0;
  const { progressOf } = followProgress(async () => {
    reads += 1;
    return 'RATCHET_PROGRESS {"step": 1}\n';
  });
  const pods = Array.from({ length: count }, (_, index) => pod(`pod-${index}`));
  for (let tick = 0; tick < 300; tick++) {
    for (let index = tick % 10; index < count; index += 10) progressOf(pods[index]!);
    await vi.advanceTimersByTimeAsync(500);
  }
  return reads;
}

test('reads each log twice a minute, and no more in all than 600 times, however many jobs run', async () => {
  const few = await logsRead(10);
  expect(few).toBeGreaterThanOrEqual(10 * 4);
  expect(few).toBeLessThanOrEqual(10 * 5);
  expect(await logsRead(1000)).toBeLessThanOrEqual(600 * 2.5);
});

test('says when it last heard of a job, and nothing else while its log cannot be read', async () => {
  let log: string | null = null;
  const { progressOf } = followProgress(async () => log);
  const hear = async () => {
    await vi.advanceTimersByTimeAsync(31_000);
    progressOf(pod('a'));
    await vi.advanceTimersByTimeAsync(0);
    return progressOf(pod('a'));
  };
  expect(await hear()).toMatchObject({ progress: null, readAt: null });
  log = 'RATCHET_PROGRESS {"step": 7}\n';
  const heard = await hear();
  expect(heard).toMatchObject({ progress: { step: 7 }, readAt: expect.any(String) });
  log = null;
  expect((await hear()).readAt).toBe((await hear()).readAt);
});
