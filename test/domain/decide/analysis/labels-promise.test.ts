import { expect, test } from 'vitest';
import { labelCasesOf, simulateLabelCase } from '../../../../src/domain/decide/simulation/simulate-cases.js';
import { simulateLabels, type LabelShape } from '../../../../src/domain/decide/simulation/simulate-labels.js';
import { RolloutSpec } from '../../../../src/domain/rollout-spec.js';

const LONG = 60 * 86_400;
const RULE = { delayHours: 24, coverageMin: 0.5, coverageDropMax: 0.2 };
const shape: LabelShape = { requestsPerSecond: 5, rule: RULE, daySpread: 1 };
const quality = { kind: 'quality', margin: 0.01 };
const revenue = { kind: 'kpi', name: 'revenue', min: 0, max: 100, direction: 'either', margin: 2 };

function planOf(metrics: readonly object[], rest: object = {}): RolloutSpec {
  const canary = { kind: 'canary', weightPercent: 50, bakeSeconds: 60, bakeSecondsMax: LONG };
  const steps = [{ kind: 'shadow', bakeSeconds: 60, bakeSecondsMax: LONG }, canary, { kind: 'full', bakeSeconds: 60 }];
  return RolloutSpec.parse({ steps, bake: { seconds: 60 }, metrics, ...rest });
}

test('a challenger that is as much worse as the margin allows is turned back no more often than α', { timeout: 60_000 }, () => {
  for (const rest of [{}, { unit: 'key' }]) {
    const plan = planOf([quality, revenue], { alpha: 0.1, ...rest });
    for (const metric of [0, 1]) {
      const { found } = simulateLabelCase(plan, shape, { name: 'at the margin', worse: { metric, margins: 1 } }, 60);
      expect(found).toBeLessThanOrEqual(0.1);
    }
  }
});

test.for<[name: string, rest: object]>([
  ['requests', {}],
  ['callers who stay', { unit: 'key' }],
])('of %s, a harmless challenger passes, and one five margins worse is found by each metric', { timeout: 60_000 }, ([, rest]) => {
  const plan = planOf([quality, revenue], { alpha: 0.1, ...rest });
  const [harmless, , worse, , poorer] = labelCasesOf(plan).map((each) => simulateLabelCase(plan, shape, each, 12));
  expect(harmless).toMatchObject({ name: 'harmless', found: 0 });
  expect(harmless!.passed).toBeGreaterThan(0.6);
  expect([worse!.found, poorer!.found]).toEqual([1, 1]);
});

test('where a day has too few requests, nothing is ever known', () => {
  const plan = planOf([quality]);
  expect(simulateLabels(plan, { ...shape, requestsPerSecond: 1e-4 }, null, 1)).toMatchObject({ outcome: 'undecided', step: 0 });
});

test('the same seed says the same', () => {
  const plan = planOf([quality, revenue]);
  expect(simulateLabels(plan, shape, null, 5)).toEqual(simulateLabels(plan, shape, null, 5));
});
