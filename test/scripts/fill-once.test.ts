import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { fillOnce } from '../../scripts/fill-once.mjs';

const root = mkdtempSync(join(tmpdir(), 'ratchet-fill-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(root, 'cache-'));
});
const filled = async (attempt: string) => writeFileSync(join(attempt, 'done'), 'yes');

test('is there only when it is complete; what an interrupted attempt has left goes with the next', async () => {
  const dir = join(cache, 'python-1');
  const broken = fillOnce(dir, async (attempt) => {
    writeFileSync(join(attempt, 'half'), '');
    throw new Error('no network');
  });
  await expect(broken).rejects.toThrow('no network');
  expect(existsSync(dir)).toBe(false);
  await fillOnce(dir, filled);
  expect(readFileSync(join(dir, 'done'), 'utf8')).toBe('yes');
  expect(readdirSync(dir)).toEqual(['done']);
  expect(readdirSync(cache)).toHaveLength(2); // it and what it leads to
});

test('a link whose attempt somebody has deleted is made anew', async () => {
  const dir = join(cache, 'python-1');
  symlinkSync('python-1.gone', dir);
  await fillOnce(dir, filled);
  expect(existsSync(join(dir, 'done'))).toBe(true);
});

test('another environment with a longer name is left alone', async () => {
  await fillOnce(join(cache, 'python-12'), filled);
  await fillOnce(join(cache, 'python-1'), filled);
  expect(existsSync(join(cache, 'python-12', 'done'))).toBe(true);
});
