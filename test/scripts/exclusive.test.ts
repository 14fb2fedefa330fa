import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { exclusively } from '../../scripts/exclusive.mjs';

const root = mkdtempSync(join(tmpdir(), 'ratchet-exclusive-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('one at a time, and nothing is left behind', async () => {
  const lock = join(root, 'queue.lock');
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 5));
    inside -= 1;
  };
  await Promise.all([1, 2, 3, 4].map(() => exclusively(lock, work)));
  expect(most).toBe(1);
  expect(existsSync(lock)).toBe(false);
});

test('where the lock cannot be written, one sentence says what to do', async () => {
  writeFileSync(join(root, 'file'), '');
  const work = exclusively(join(root, 'file', 'queue.lock'), async () => 'done');
  await expect(work).rejects.toMatchObject({
    name: 'SetupError',
    message: expect.stringMatching(/^cannot write .*queue\.lock \(E.*RATCHET_CACHE/) as string,
  });
});

test('work that fails gives the lock back', async () => {
  const lock = join(root, 'failing.lock');
  await expect(exclusively(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(lock)).toBe(false);
});

test('the lock of a process that is gone is taken over', async () => {
  const lock = join(root, 'dead.lock');
  const { pid } = spawnSync('true');
  writeFileSync(lock, JSON.stringify({ pid, host: hostname() }));
  expect(await exclusively(lock, async () => 'done')).toBe('done');
});

test('a lock that nobody has touched for 30 s is taken over, whatever its process number says', async () => {
  const lock = join(root, 'old.lock');
  writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname() }));
  const past = new Date(Date.now() - 31_000);
  utimesSync(lock, past, past);
  expect(await exclusively(lock, async () => 'done')).toBe('done');
});

test('the lock of a living process is waited for, and the wait is told once', async () => {
  const lock = join(root, 'living.lock');
  let waits = 0;
  let release = (): void => {};
  const first = exclusively(lock, () => new Promise<void>((resolve) => (release = resolve)));
  const second = exclusively(
    lock,
    async () => 'second',
    () => {
      waits += 1;
      release();
    },
  );
  await first;
  expect(await second).toBe('second');
  expect(waits).toBe(1);
});
