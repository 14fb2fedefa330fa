import { readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { homeAt } from '../../../src/config/home.js';
import { acquireHome, holderOf } from '../../../src/workers/stack/home-lock.js';
import { temporaryFolder } from '../../temporary-folder.js';

test('the second one is told who has it; after the release it is free', () => {
  const home = homeAt(join(temporaryFolder(), 'home'));
  const first = acquireHome(home);
  if (!('release' in first)) throw new Error('expected the lock');
  expect(acquireHome(home)).toMatchObject({ host: hostname(), process: { pid: process.pid } });
  first.release();
  expect(holderOf(home)).toBeNull();
  expect(acquireHome(home)).toHaveProperty('release');
});

test('a lock of a process that is gone is taken over, also where its number was given to another one', () => {
  const home = homeAt(temporaryFolder());
  writeFileSync(home.lockFile, JSON.stringify({ host: hostname(), process: { pid: process.pid, start: 'another boot/1' } }));
  expect(holderOf(home)).toBeNull();
  expect(acquireHome(home)).toHaveProperty('release');
  expect(readdirSync(home.path)).toEqual(['up.lock']);
});

test('half a lock file, left by a full disk, is taken over', () => {
  const home = homeAt(temporaryFolder());
  writeFileSync(home.lockFile, '{"host": "a');
  expect(acquireHome(home)).toHaveProperty('release');
});

test('a lock of another machine counts as held: we cannot look there', () => {
  const home = homeAt(temporaryFolder());
  writeFileSync(home.lockFile, JSON.stringify({ host: 'elsewhere', process: { pid: 1, start: 'x' } }));
  expect(acquireHome(home)).toMatchObject({ host: 'elsewhere' });
});
