import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startQuickStack, type QuickStack } from '../chaos/quick-stack.js';
import { surviveKill } from '../chaos/survive-kill.js';

/** One kill for each process; `npm run test:chaos` has every process at every moment. */
describe('a cycle survives kill -9', () => {
  let stack: QuickStack;
  beforeAll(async () => {
    stack = await startQuickStack();
  });
  afterAll(async () => stack?.stop());

  test('of the worker while it trains', () => surviveKill(stack, 'worker', 'train claimed'));
  test('of the Temporal server just after the verdict was recorded', () => surviveKill(stack, 'temporal', 'judged'));
  test('of MLflow just before the candidate is registered', () => surviveKill(stack, 'mlflow', 'judged'));
  test('of all of them just after the promotion was recorded', () => surviveKill(stack, 'together', 'promoted'));
  test('and the ledger verifies afterwards', async () => {
    expect((await stack.cli(['audit', 'verify', 'quick'])).code).toBe(0);
  });
});
