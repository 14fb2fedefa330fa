import { expect, test } from 'vitest';
import { challengerPercent, splitOfBake, splitOfStep } from '../../../src/domain/decide/traffic-splits.js';
import type { BakeSpec, RolloutStep } from '../../../src/domain/rollout-spec.js';

const arms = { challenger: 'm-5', champion: 'm-2', baseline: null };
const withBaseline = { ...arms, baseline: 'm-2-fresh-5' };
const bake: BakeSpec = { seconds: 60, compare: 'holdback', holdbackPercent: 5 };
const canary = (weightPercent: number): RolloutStep => ({ kind: 'canary', weightPercent, bakeSeconds: 60 });
const words = ({ splits, mirror }: ReturnType<typeof splitOfStep>): string =>
  [
    ...splits.map(({ instance, weightPercent }) => `${instance} ${weightPercent}`),
    ...(mirror === null ? [] : [`copies to ${mirror.instance}`]),
  ].join(', ');

test.for<[step: RolloutStep, instances: typeof withBaseline | typeof arms, expected: string]>([
  [{ kind: 'shadow', bakeSeconds: 60 }, arms, 'm-2 100, copies to m-5'],
  [canary(10), arms, 'm-5 10, m-2 90'],
  [canary(10), withBaseline, 'm-5 10, m-2 80, m-2-fresh-5 10'],
  [canary(50), withBaseline, 'm-5 50, m-2-fresh-5 50'],
  [canary(80), withBaseline, 'm-5 80, m-2-fresh-5 20'],
  [{ kind: 'full', bakeSeconds: 60 }, withBaseline, 'm-5 95, m-2 5'],
])('%j with %j: %s', ([step, instances, expected]) => {
  const split = splitOfStep(step, { bake }, instances);
  expect(words(split)).toBe(expected);
  expect(split.splits.reduce((sum, { weightPercent }) => sum + weightPercent, 0)).toBe(100);
});

test.for<[bake: BakeSpec, expected: string]>([
  [bake, 'm-5 95, m-2 5'],
  [{ ...bake, compare: 'mirror' }, 'm-5 100, copies to m-2'],
  [{ ...bake, compare: 'none' }, 'm-5 100'],
])('a bake %j: %s', ([spec, expected]) => {
  expect(words(splitOfBake(spec, arms))).toBe(expected);
});

test('without a champion everything goes to the new version', () => {
  const split = splitOfStep(canary(10), { bake }, { ...arms, champion: null });
  expect(words(split)).toBe('m-5 100');
  expect(challengerPercent(split)).toBe(100);
});
