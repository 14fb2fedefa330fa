import type { CohortResult, MonitorInput, MonitorOutput } from '../../src/domain/monitor-jobs.js';
import { bootstrap, mean } from '../domain/decide/evaluation.js';

export const WINDOW = { start: '2013-07-01T04:00:00.000Z', end: '2013-07-02T04:00:00.000Z' };

const arm = { metrics: { auc: 0.73, logLoss: 0.5, brier: 0.16 }, calibration: { meanPrediction: 0.23, rate: 0.23, bins: [] } };

/** A cohort of 28 days in which the champion is as good as a fresh refit. `worse`: log-loss above the fresh refit's. */
export function cohort({ worse = 0, ...change }: Partial<CohortResult> & { worse?: number } = {}): CohortResult {
  return {
    window: { start: '2013-06-02T04:00:00.000Z', end: '2013-06-30T04:00:00.000Z' },
    rows: 3000,
    labelledRows: 2800,
    labelCoverage: { overall: 0.93, byScoreDecile: [0.95, 0.93, 0.92], byMonth: [] },
    learntRows: 25_000,
    newRows: 4000,
    blocks: 'day',
    arms: { served: arm, fresh: arm, anchor: null, baseRate: arm },
    differences: {
      fresh: { logLoss: mean(worse, 0.004), auc: bootstrap(-worse, 0.002) },
      anchor: null,
      baseRate: { logLoss: mean(-0.03, 0.01) },
    },
    ...change,
  };
}

/** Days of the cohort, each with 100 predictions. @param labelled how many of them have a label */
export function labelledDays(labelled: readonly number[]) {
  const start = Date.parse('2013-06-02T04:00:00Z');
  const dayMs = 86_400_000;
  return labelled.map((count, day) => {
    const startMs = start + day * dayMs;
    return { startMs, endMs: startMs + dayMs, predictions: 100, labelled: count, censored: 0 };
  });
}

/** A quiet day: measured, and nothing is wrong. */
export function monitorOutput(change: Partial<MonitorOutput> = {}): MonitorOutput {
  const histogram = { bins: ['0', '1'], current: [0.5, 0.5], reference: [0.5, 0.5] };
  return {
    window: WINDOW,
    log: { rows: 3000, files: 24, filesUnreadable: 0, duplicates: 0, hours: 24, hoursWithRows: 24, sampledOneIn: 1 },
    versions: [{ version: 'flights-3', rows: 3000 }],
    trafficRows: 3000,
    servedRows: 3000,
    drift: {
      columns: [
        { column: 'distance', test: 'wasserstein', statistic: 0.02, threshold: 0.1, drifted: false },
        { column: 'temp', test: 'wasserstein', statistic: 0.3, threshold: 0.1, drifted: true },
      ],
      thin: [],
    },
    predictions: {
      column: 'output',
      test: 'wasserstein',
      statistic: 0.05,
      threshold: 0.25,
      drifted: false,
      mean: 0.24,
      meanReference: 0.23,
      histogram: Array.from({ length: 20 }, () => 0.05),
      histogramReference: Array.from({ length: 20 }, () => 0.05),
    },
    quality: ['distance', 'temp'].map((feature) => ({
      feature,
      type: 'number' as const,
      nullShare: 0,
      nullShareReference: 0,
      outOfRangeShare: 0,
      unseenShare: 0,
      examples: [],
      constant: false,
      histogram,
    })),
    skew: {
      answers: { rows: 3000, differingShare: 0, differenceMax: 0 },
      features: {
        method: 'distribution',
        rows: 3000,
        window: { start: '2013-06-29T04:00:00.000Z', end: '2013-06-30T04:00:00.000Z' },
        features: [{ feature: 'temp', differingShare: null, statistic: 0.02, threshold: 0.1 }],
      },
    },
    latencyMs: { p50: 2, p90: 4, p99: 9 },
    cohort: cohort(),
    labels: {
      predictions: 3000,
      labelled: 2800,
      censored: 40,
      repeated: 0,
      ambiguousIds: 0,
      unmatchedLabels: 0,
      conflicts: 0,
      observedBefore: 0,
      ownDecision: 0,
      propensities: 0,
      torn: [],
      days: labelledDays(Array.from({ length: 28 }, () => 93)),
    },
    kpis: [],
    early: { rows: 3000, labelledRows: 1200, metrics: { auc: 0.7, logLoss: 0.5, brier: 0.2 } },
    ...change,
  };
}

/** What the job of a window would write. */
export function monitorOutputOf({ window }: MonitorInput): MonitorOutput {
  return monitorOutput({ window });
}
