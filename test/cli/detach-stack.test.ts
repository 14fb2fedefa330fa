import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { homeAt } from '../../src/config/home.js';
import { ALIVE } from '../fakes/left-endpoints.js';
import { temporaryFolder } from '../temporary-folder.js';
import { ratchet } from './terminal-in-test.js';

test('a second one in the background is refused, and the log of the first one stays', async () => {
  const home = homeAt(temporaryFolder());
  mkdirSync(home.logsFolder);
  const logFile = join(home.logsFolder, 'up.log');
  writeFileSync(logFile, 'what the first one said\n');
  writeFileSync(home.lockFile, JSON.stringify({ host: hostname(), process: ALIVE }));
  const { code, err } = await ratchet(['up', '--detach', '--home', home.path]);
  expect(code).toBe(1);
  expect(err).toMatch(new RegExp(`^error: a stack already runs in ${home.path}: process ${ALIVE.pid} on `));
  expect(readFileSync(logFile, 'utf8')).toBe('what the first one said\n');
});

test.for([[['up']], [['up', '--detach']]])('%j in a home that is a file is refused with the same sentence', async ([args]) => {
  const file = join(temporaryFolder(), 'home');
  writeFileSync(file, '');
  const { code, err } = await ratchet([...args!, '--home', file]);
  expect(code).toBe(1);
  expect(err).toBe(`error: ${file}: expected a folder that may be written, found ENOTDIR: name another one with --home or RATCHET_HOME`);
});
