import { expect, test } from 'vitest';
import { isNewEnough } from '../../scripts/newer-node.mjs';

test.for<[version: string, isNew: boolean]>([
  ['18.20.0', false],
  ['20.0.0', false],
  ['20.18.3', false],
  ['20.19.0', true],
  ['21.7.3', false],
  ['22.11.0', false],
  ['22.12.0', true],
  ['23.0.0', true],
  ['24.19.0', true],
])('Node %s runs everything: %s', ([version, isNew]) => {
  expect(isNewEnough(version)).toBe(isNew);
});
