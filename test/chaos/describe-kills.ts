import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMlflowModelRegistry } from '../../src/adapters/mlflow/model-registry.js';
import { records, type KillPoint } from './kill-point.js';
import { MODEL, startQuickStack, type QuickStack, type QuickStackOptions } from './quick-stack.js';
import { surviveKill, type Victim } from './survive-kill.js';

export type Kill = readonly [Victim, KillPoint];

export function eachAt(victims: readonly Victim[], points: readonly KillPoint[]): Kill[] {
  return victims.flatMap((victim) => points.map((point) => [victim, point] as const));
}

/** A stack lives through all `kills`, a cycle each; files of such tests run side by side, each with a stack of its own. */
export function describeKills(name: string, options: QuickStackOptions, kills: readonly Kill[]): void {
  describe(name, () => {
    let stack: QuickStack;
    beforeAll(async () => {
      stack = await startQuickStack(options);
    });
    afterAll(async () => stack?.stop());

    test.for(kills)('of %s at: %s', async ([victim, point]: Kill) => {
      await surviveKill(stack, victim, point);
    });

    test('and the ledger verifies afterwards, and the registry says what it says', async () => {
      const { code, output } = await stack.cli(['-o', 'json', 'audit', 'verify', MODEL]);
      expect(JSON.parse(output)).toMatchObject([{ model: MODEL, problems: [] }]);
      expect(code).toBe(0);
      const promoted = records(stack.home.storeFolder).findLast(({ body }) => body.kind === 'promoted')?.after.champion;
      expect(promoted).toBeDefined();
      const registry = createMlflowModelRegistry({ trackingUri: stack.endpoints().mlflow.url });
      expect((await registry.getAlias(MODEL, 'champion'))?.registryVersion).toBe(promoted?.registryVersion);
    });
  });
}
