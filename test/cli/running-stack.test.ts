import { existsSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { endpointsOfRunning } from '../../src/cli/running-stack.js';
import { homeAt } from '../../src/config/home.js';
import { ALIVE, DEAD, leaveEndpoints } from '../fakes/left-endpoints.js';
import { temporaryFolder } from '../temporary-folder.js';
import { ratchet } from './terminal-in-test.js';

test.for([
  ['trigger', 'flights'],
  ['abort', 'flights'],
  ['status', 'flights'],
])('%j never speaks to whatever listens where a dead stack did', async (args) => {
  const home = homeAt(temporaryFolder());
  leaveEndpoints(home);
  const { code, err } = await ratchet([...args, '--home', home.path]);
  expect(code).toBe(1);
  expect(err).toMatch(/^error: no stack runs in .*\n.*start one with `ratchet up`/);
});

test.for<[what: string, supervisor: boolean, temporal: boolean | null, runs: boolean]>([
  ['all of it was killed', false, false, false],
  ['only its supervisor was killed', false, true, true],
  ['its supervisor brings the server back', true, false, true],
  ['it attached to a server, and runs', true, null, true],
  ['it attached to a server, and was killed', false, null, false],
])('%s', ([, supervisor, temporal, runs]) => {
  const home = homeAt(temporaryFolder());
  const { temporal: left } = leaveEndpoints(home);
  leaveEndpoints(home, {
    supervisor: supervisor ? ALIVE : DEAD,
    temporal: { ...left, process: temporal === null ? null : temporal ? ALIVE : DEAD },
  });
  expect(endpointsOfRunning(home, (endpoints) => endpoints.temporal.process) !== null).toBe(runs);
});

test('a stack of another machine, over a shared disk, counts as running: we cannot look there', () => {
  const home = homeAt(temporaryFolder());
  leaveEndpoints(home);
  writeFileSync(home.lockFile, JSON.stringify({ host: 'elsewhere', process: DEAD }));
  expect(endpointsOfRunning(home, ({ temporal }) => temporal.process)).not.toBeNull();
});

test('down clears away what a dead stack left, and stops nothing where nothing runs', async () => {
  const home = homeAt(temporaryFolder());
  leaveEndpoints(home);
  expect(await ratchet(['down', '--home', home.path])).toEqual({ code: 0, out: `no stack runs in ${home.path}`, err: '' });
  expect(existsSync(home.endpointsFile)).toBe(false);
});
