import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judge } from '../../../src/domain/decide/judge.js';
import type { GatesSpec } from '../../../src/domain/gate.js';
import type { EvaluateOutput, PairedDifference } from '../../../src/domain/stage-jobs.js';
import { arm, bootstrap, evaluation, gates, judgeInput, mean, slice } from './evaluation.js';

/** A policy that asks about everything, and a challenger that passes it. */
const everything: GatesSpec = gates({
  absolute: [
    { metric: 'auc', min: 0.65 },
    { metric: 'logLoss', max: 0.6 },
    { metric: 'calibrationGap', max: 0.1 },
    { metric: 'latencyMsP99', max: 5 },
    { metric: 'modelMiB', max: 5 },
  ],
  againstAnchor: [{ metric: 'brier', test: 'nonInferiority', margin: 0.05 }],
  slices: [{ by: 'origin', metric: 'logLoss', margin: 0.02 }],
  maxImprovement: [{ metric: 'auc', delta: 0.5 }],
});

/** Leaves of the evidence that some gate of `everything` needs; text and descriptions are not evidence. */
const DECIDES_NOTHING = [
  /^\/(holdout\/end|rows)$/,
  /^\/arms\/(baseline|baseRate)/,
  /^\/arms\/(champion|anchor)\/(?!trainEnd)/,
  /^\/arms\/challenger\/(metrics\/brier|latencyMs\/p50|calibration\/bins)/,
  /^\/differences\/baseRate/,
  /^\/differences\/champion\/brier/,
  /^\/differences\/anchor\/(auc|logLoss)/,
  /^\/slices\/\d+\/(value|rows|rate|challenger|champion)/,
  /^\/probes\/\d+\/(name|detail)/,
  /^\/labelCoverage\/byMonth\/\d+\/month/,
  /\/kind$/,
];

const passing = judgeInput({ gates: everything });

test('the evidence of these properties passes', () => {
  expect(judge(passing).reasons).toEqual([]);
  expect(judge(passing)).toMatchObject({ face: 'pass', next: 'proceed' });
});

test('evidence with any number missing or no number never passes', { timeout: 60_000 }, () => {
  const paths = leaves(evaluation()).filter((path) => !DECIDES_NOTHING.some((pattern) => pattern.test(path)));
  // One of each list is enough: the last.
  const shapes = new Map(paths.map((path) => [path.replace(/\/\d+/g, '/#'), path]));
  expect(shapes.size).toBeGreaterThan(20);
  for (const path of shapes.values()) {
    for (const nothing of [null, undefined, NaN, Infinity, -Infinity]) {
      const broken = put(evaluation(), path, nothing) as EvaluateOutput;
      expect(judge({ ...passing, evaluation: broken }).face, `${path} = ${nothing}`).not.toBe('pass');
    }
  }
});

const share = fc.double({ min: 0, max: 1, noNaN: true });
const change = fc.double({ min: -0.2, max: 0.2, noNaN: true });
const worse = fc.double({ min: 0, max: 0.3, noNaN: true });
const spread = fc.double({ min: 0, max: 0.2, noNaN: true });

interface Quality {
  readonly auc: number;
  readonly logLoss: number;
  readonly meanPrediction: number;
  readonly latencyMs: number;
  readonly aucChange: number;
  readonly logLossChange: number;
  readonly anchorChange: number;
  readonly sliceChange: number;
  readonly spread: number;
}

const quality: fc.Arbitrary<Quality> = fc.record({
  auc: share,
  logLoss: share,
  meanPrediction: share,
  latencyMs: fc.double({ min: 0, max: 10, noNaN: true }),
  aucChange: change,
  logLossChange: change,
  anchorChange: change,
  sliceChange: change,
  spread,
});

function evidence(q: Quality): EvaluateOutput {
  const base = evaluation();
  const champion: Record<string, PairedDifference> = { auc: bootstrap(q.aucChange, q.spread), logLoss: mean(q.logLossChange, q.spread) };
  return evaluation({
    arms: {
      ...base.arms,
      challenger: arm({
        metrics: { auc: q.auc, logLoss: q.logLoss, brier: 0.1 },
        calibration: { meanPrediction: q.meanPrediction, rate: 0.2, bins: [] },
        latencyMs: { p50: 0, p99: q.latencyMs },
      }),
    },
    differences: { champion, anchor: { brier: mean(q.anchorChange, q.spread) }, baseRate: {} },
    slices: [slice('EWR', mean(q.sliceChange, q.spread)), slice('JFK', mean(0, q.spread))],
  });
}

test('worse evidence never turns what did not pass into a pass', { timeout: 60_000 }, () => {
  const lower = fc.record({
    auc: worse,
    logLoss: worse,
    gap: worse,
    latencyMs: worse,
    aucChange: worse,
    logLossChange: worse,
    anchorChange: worse,
    sliceChange: worse,
  });
  fc.assert(
    fc.property(quality, lower, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 20 }), (q, by, k, later) => {
      const worseQuality: Quality = {
        auc: q.auc - by.auc,
        logLoss: q.logLoss + by.logLoss,
        meanPrediction: q.meanPrediction + (q.meanPrediction >= 0.2 ? by.gap : -by.gap),
        latencyMs: q.latencyMs + by.latencyMs,
        aucChange: q.aucChange - by.aucChange,
        logLossChange: q.logLossChange + by.logLossChange,
        anchorChange: q.anchorChange + by.anchorChange,
        sliceChange: q.sliceChange + by.sliceChange,
        spread: q.spread,
      };
      const before = judge({ ...passing, evaluation: evidence(q), comparisonIndex: k }).face;
      const after = judge({ ...passing, evaluation: evidence(worseQuality), comparisonIndex: k + later }).face;
      expect(before !== 'pass' && after === 'pass').toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('only a pass goes on without a person, and only a pass or a missing baseline reaches one', () => {
  fc.assert(
    fc.property(
      quality,
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom('low' as const, 'high' as const),
      fc.constantFrom('fail' as const, 'requireApproval' as const, 'pass' as const),
      (q, championExists, anchorExists, tier, whenNoChampion) => {
        const { face, next } = judge(
          judgeInput({ gates: { ...everything, whenNoChampion }, evaluation: evidence(q), championExists, anchorExists, tier }),
        );
        if (next === 'proceed') expect(face).toBe('pass');
        if (next === 'askPerson') expect(['pass', 'no-baseline']).toContain(face);
        if (face === 'fail') expect(next).toBe('stop');
      },
    ),
  );
});

function leaves(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return typeof value === 'number' || /trainEnd|holdout/.test(path) ? [path] : [];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, `${path}/${key}`));
}

function put(document: unknown, path: string, value: unknown): unknown {
  const copy = structuredClone(document) as Record<string, unknown>;
  const keys = path.split('/').slice(1);
  const last = keys.pop()!;
  const parent = keys.reduce((node, key) => node[key] as Record<string, unknown>, copy);
  parent[last] = value;
  return copy;
}
