import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { homeAt } from '../../src/config/home.js';

test('all state lies where the user says, else where RATCHET_HOME says, else in .ratchet of the current folder', () => {
  expect(homeAt('/one', { RATCHET_HOME: '/two' }).path).toBe('/one');
  expect(homeAt(undefined, { RATCHET_HOME: '/two' }).path).toBe('/two');
  expect(homeAt('', { RATCHET_HOME: '/two' }).path).toBe('/two');
  expect(homeAt(undefined, { RATCHET_HOME: '' }).path).toBe(resolve('.ratchet'));
  const { path, ...places } = homeAt('/one', {});
  expect(Object.values(places).filter((place) => !place.startsWith(join(path, '/')))).toEqual([]);
});
