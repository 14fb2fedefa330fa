import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../../src/config/make-folder.js';
import { temporaryFolder } from '../temporary-folder.js';

test('a folder is made with all above it, for its owner alone, and again without harm', () => {
  const folder = join(temporaryFolder(), 'a', 'b', 'c');
  makeFolder(folder);
  makeFolder(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test.skipIf(!existsSync('/proc/self'))('a file system that takes no folders is an error at once (only where there is /proc)', () => {
  expect(() => makeFolder('/proc/ratchet/home')).toThrow(/ENOENT|EACCES|EPERM/);
});
