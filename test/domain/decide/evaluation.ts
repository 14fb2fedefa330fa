import { GatesSpec } from '../../../src/domain/gate.js';
import type { ArmResult, EvaluateOutput, PairedDifference, SliceResult } from '../../../src/domain/stage-jobs.js';
import type { JudgeInput } from '../../../src/domain/decide/judge.js';

export const HOLDOUT = { start: '2013-06-03T04:00:00Z', end: '2013-07-01T04:00:00Z' };
export const BLOCKS = 28;
export const ROWS_PER_BLOCK = 100;

/** A mean difference whose blocks lie alternately `spread` above and below `delta`. */
export function mean(delta: number, spread = 0, blocks = BLOCKS): PairedDifference & { kind: 'mean' } {
  const blockRows = Array.from({ length: blocks }, () => ROWS_PER_BLOCK);
  const even = blocks - (blocks % 2);
  const blockSums = blockRows.map((rows, k) => rows * (delta + (k < even ? (k % 2 === 0 ? spread : -spread) : 0)));
  return { kind: 'mean', delta, rows: blocks * ROWS_PER_BLOCK, blockRows, blockSums };
}

/** A bootstrapped difference whose replicates lie `spread` above and below `delta`. */
export function bootstrap(delta: number, spread = 0, blocks = BLOCKS): PairedDifference & { kind: 'bootstrap' } {
  return {
    kind: 'bootstrap',
    delta,
    rows: blocks * ROWS_PER_BLOCK,
    blockRows: Array.from({ length: blocks }, () => ROWS_PER_BLOCK),
    replicates: Array.from({ length: 1000 }, (_, b) => delta + (b % 2 === 0 ? spread : -spread)),
  };
}

export function arm(overrides: Partial<ArmResult> = {}): ArmResult {
  return {
    metrics: { auc: 0.73, logLoss: 0.5, brier: 0.16 },
    calibration: { meanPrediction: 0.23, rate: 0.23, bins: [] },
    latencyMs: { p50: 0.2, p99: 0.9 },
    bytes: 200_000,
    trainEnd: HOLDOUT.start,
    ...overrides,
  };
}

export function slice(value: string, difference: PairedDifference | undefined, by = 'origin'): SliceResult {
  return {
    by,
    value,
    rows: 1000,
    rate: 0.2,
    challenger: { auc: 0.7, logLoss: 0.5, brier: 0.16 },
    champion: { auc: 0.7, logLoss: 0.5, brier: 0.16 },
    differences: difference === undefined ? {} : { logLoss: difference },
  };
}

/** A challenger that is clearly better than champion and anchor, by every measure. */
export function evaluation(overrides: Partial<EvaluateOutput> = {}): EvaluateOutput {
  const better = { auc: bootstrap(0.041, 0.009), logLoss: mean(-0.035, 0.03), brier: mean(-0.01, 0.01) };
  return {
    holdout: HOLDOUT,
    rows: 2900,
    labelledRows: 2800,
    labelCoverage: {
      overall: 0.965,
      byScoreDecile: Array.from({ length: 10 }, () => 0.965),
      byMonth: [{ month: '2013-06', coverage: 0.965 }],
    },
    arms: {
      challenger: arm(),
      champion: arm(),
      anchor: arm(),
      baseline: arm(),
      baseRate: arm({ trainEnd: null, latencyMs: null, bytes: null }),
    },
    differences: { champion: better, anchor: better, baseRate: better },
    slices: [slice('EWR', mean(-0.03, 0.05)), slice('JFK', mean(-0.03, 0.05)), slice('LGA', mean(-0.03, 0.05))],
    probes: [{ name: 'null temp', passed: true, detail: '' }],
    ...overrides,
  };
}

export const gates = (spec: Record<string, unknown> = {}): GatesSpec =>
  GatesSpec.parse({
    absolute: [
      { metric: 'auc', min: 0.65 },
      { metric: 'calibrationGap', max: 0.1 },
    ],
    againstChampion: [
      { metric: 'auc', test: 'superiority' },
      { metric: 'logLoss', test: 'nonInferiority', margin: 0.02 },
    ],
    ...spec,
  });

export const POLICY_DIGEST = `sha256:${'a'.repeat(64)}`;

export function judgeInput(overrides: Partial<JudgeInput> = {}): JudgeInput {
  return {
    gates: gates(),
    approval: { requiredFor: 'exceptions' },
    tier: 'medium',
    policyDigest: POLICY_DIGEST,
    evaluation: evaluation(),
    championExists: true,
    anchorExists: true,
    comparisonIndex: 1,
    ...overrides,
  };
}

export const withDifferences = (champion: Record<string, unknown>, anchor: Record<string, unknown> = champion): EvaluateOutput =>
  evaluation({ differences: { champion, anchor, baseRate: {} } as EvaluateOutput['differences'] });

export const anchorGate = { againstAnchor: [{ metric: 'logLoss', test: 'nonInferiority', margin: 0.02 }] };
export const sliceGate = { slices: [{ by: 'origin', metric: 'logLoss', margin: 0.02 }] };
