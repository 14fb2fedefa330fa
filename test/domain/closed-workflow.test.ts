import { expect, test } from 'vitest';
import { isClosed } from '../../src/domain/closed-workflow.js';

test.for([
  ['RUNNING', false],
  ['PAUSED', false],
  ['UNKNOWN', false],
  ['COMPLETED', true],
  ['FAILED', true],
  ['CANCELLED', true],
  ['TERMINATED', true],
  ['TIMED_OUT', true],
] as const)('a workflow that is %s is closed: %s', ([status, closed]) => {
  expect(isClosed(status)).toBe(closed);
});
