import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMlflowModelRegistry } from '../../src/adapters/mlflow/model-registry.js';
import { KILL_POINTS, records, REFIT_KILL_POINTS, type KillPoint } from './kill-point.js';
import { MODEL, startQuickStack, type QuickStack } from './quick-stack.js';
import { surviveKill, VICTIMS } from './survive-kill.js';

describe('a cycle survives kill -9', () => {
  let stack: QuickStack;
  beforeAll(async () => {
    stack = await startQuickStack();
  });
  afterAll(async () => stack?.stop());

  // A supervisor that dies takes all others with it: half of the moments show what is its own, that it starts them again.
  const halfOfThem: readonly KillPoint[] = KILL_POINTS.filter((_, index) => index % 2 === 1);
  for (const victim of VICTIMS) {
    const points: readonly KillPoint[] = victim === 'supervisor too' ? halfOfThem : KILL_POINTS;
    test.for(points.map((point) => [victim, point] as const))('of %s at: %s', async ([_victim, point]) => {
      await surviveKill(stack, victim, point);
    });
  }

  test('and the ledger verifies afterwards, and the registry says what it says', async () => {
    const { code, output } = await stack.cli(['-o', 'json', 'audit', 'verify', 'quick']);
    expect(JSON.parse(output)).toMatchObject([{ model: MODEL, problems: [] }]);
    expect(code).toBe(0);
    const promoted = records(stack.home.storeFolder).findLast(({ body }) => body.kind === 'promoted')?.after.champion;
    const registry = createMlflowModelRegistry({ trackingUri: stack.endpoints().mlflow.url });
    expect((await registry.getAlias(MODEL, 'champion'))?.registryVersion).toBe(promoted?.registryVersion);
  });
});

describe('a cycle that refits survives kill -9', () => {
  let stack: QuickStack;
  beforeAll(async () => {
    stack = await startQuickStack({ refits: true });
  });
  afterAll(async () => stack?.stop());

  const alone = (['worker', 'temporal', 'mlflow'] as const).flatMap((victim) =>
    (['refit claimed', 'agree claimed'] as const).map((point) => [victim, point] as const),
  );
  const together = REFIT_KILL_POINTS.map((point) => ['together', point] as const);
  test.for([...alone, ...together])('of %s at: %s', async ([victim, point]) => {
    await surviveKill(stack, victim, point);
  });
});
