import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { createJobWatcher } from '../../../src/adapters/local/job-watcher.js';

const longAgo = new Date('2025-01-01T00:00:00Z');

const homes: string[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
});

function jobFolders(count: number): string[] {
  const home = mkdtempSync(join(tmpdir(), 'ratchet-watcher-'));
  homes.push(home);
  const folders = Array.from({ length: count }, (_, index) => join(home, `job-${index}`));
  for (const folder of folders) {
    mkdirSync(folder);
    utimesSync(folder, longAgo, longAgo); // what was made just now is looked at again
  }
  return folders;
}

test('one timer looks at two hundred folders as at one, and none is left when nobody follows', () => {
  vi.useFakeTimers();
  const { follow } = createJobWatcher();
  const followed = jobFolders(200).map(follow);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(5000);
  expect(vi.getTimerCount()).toBe(1);
  for (const each of followed) each.leave();
  expect(vi.getTimerCount()).toBe(0);
});

test('of two hundred, the one whose file came is told, also where that was before anybody waited', async () => {
  const folders = jobFolders(200);
  const { follow } = createJobWatcher();
  const followed = folders.map(follow);
  const quiet = new AbortController();
  const told: number[] = [];
  const waits = followed.map((each, index) => each.changed(60_000, quiet.signal).then(() => quiet.signal.aborted || told.push(index)));
  writeFileSync(join(folders[47]!, 'exit.json'), '{}');
  await waits[47];
  expect(told).toEqual([47]);
  writeFileSync(join(folders[47]!, 'progress.json'), '{"step":1}');
  await expect.poll(() => hasChanged(followed[47]!), { timeout: 30_000 }).toBe(true);
  quiet.abort();
  for (const each of followed) each.leave();
});

async function hasChanged(followed: ReturnType<ReturnType<typeof createJobWatcher>['follow']>): Promise<boolean> {
  const startedMs = performance.now();
  await followed.changed(60_000, AbortSignal.timeout(60_000));
  return performance.now() - startedMs < 60_000;
}
