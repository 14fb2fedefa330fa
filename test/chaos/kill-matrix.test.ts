import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KILL_POINTS } from './kill-point.js';
import { startQuickStack, type QuickStack } from './quick-stack.js';
import { surviveKill, VICTIMS } from './survive-kill.js';

describe('a cycle survives kill -9', () => {
  let stack: QuickStack;
  beforeAll(async () => {
    stack = await startQuickStack();
  });
  afterAll(async () => stack?.stop());

  for (const victim of VICTIMS) {
    test.for(KILL_POINTS.map((point) => [victim, point] as const))('of %s at: %s', async ([_victim, point]) => {
      await surviveKill(stack, victim, point);
    });
  }

  test('and the ledger verifies afterwards, and the registry says what it says', async () => {
    const { code, output } = await stack.cli(['-o', 'json', 'audit', 'verify', 'quick']);
    expect(output).toContain('"holds"');
    expect(code).toBe(0);
  });
});
