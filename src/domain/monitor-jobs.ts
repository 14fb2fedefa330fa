import { z } from 'zod';
import { DataSpec } from './data-spec.js';
import { TimeRange } from './dataset.js';
import { Digest } from './digest.js';
import { LabelledDay } from './label-reading.js';
import { EvaluationSpec, QualityMetric } from './evaluation-spec.js';
import { ArmInput, ArmResult, DriftedColumn, EvaluateOutput, PairedDifference, PairedMean } from './stage-jobs.js';

/** What RATCHET_INPUT and RATCHET_OUTPUT of a monitoring job hold. */

export const MonitorInput = z.strictObject({
  stage: z.literal('monitor'),
  model: z.string(),
  /** Predictions of this time are looked at. */
  window: TimeRange,
  data: DataSpec.omit({ source: true, window: true }),
  evaluation: EvaluationSpec.pick({ metrics: true, resampleBy: true, replicates: true, seed: true }),
  /** The champion's version, as the servers log it. */
  version: z.string(),
  champion: ArmInput,
  /** null: there is none but the champion, or it was trained on days of the cohort. */
  anchor: ArmInput.nullable(),
  /** What the champion was trained and judged on. */
  datasetDigest: Digest,
  /** The newest snapshot of any cycle: what training would see of the days that were served. */
  latestDatasetDigest: Digest.nullable(),
  drift: z.strictObject({ statisticMax: z.number(), predictionStatisticMax: z.number() }),
  /** Predictions whose labels are mature, later than what the champion was trained on; null: there are none yet. */
  cohort: TimeRange.nullable(),
  /** Predictions before the cohort: what a fresh refit learns from, beside the training snapshot; null: nothing. */
  learnt: TimeRange.nullable(),
  /** Predictions whose labels may still come; null: labels are there at once. */
  early: TimeRange.nullable(),
});
export type MonitorInput = z.infer<typeof MonitorInput>;

/** Shares of rows in bins, now and in training: for the picture. */
const Histogram = z.strictObject({ bins: z.array(z.string()), current: z.array(z.number()), reference: z.array(z.number()) });

export const FeatureQuality = z.strictObject({
  feature: z.string(),
  type: z.enum(['number', 'category']),
  nullShare: z.number(),
  nullShareReference: z.number(),
  /** Outside of the declared range, else of that in training. */
  outOfRangeShare: z.number(),
  /** Categories that training never saw. */
  unseenShare: z.number(),
  examples: z.array(z.string()),
  /** One value where training saw several. */
  constant: z.boolean(),
  histogram: Histogram,
});
export type FeatureQuality = z.infer<typeof FeatureQuality>;

export const PredictionDrift = DriftedColumn.extend({
  mean: z.number(),
  meanReference: z.number(),
  histogram: z.array(z.number()).length(20),
  histogramReference: z.array(z.number()).length(20),
});

export const FeatureSkew = z.strictObject({
  /** keys: the same rows, by their key. distribution: all rows of the days that both have. */
  method: z.enum(['keys', 'distribution']),
  rows: z.number().int(),
  /** Of the log that was compared. Absent: measured before it was written down, in the monitored window. */
  window: TimeRange.optional(),
  features: z.array(
    z.strictObject({
      feature: z.string(),
      differingShare: z.number().nullable(),
      statistic: z.number().nullable(),
      threshold: z.number().nullable(),
    }),
  ),
});

const CohortArm = ArmResult.pick({ metrics: true, calibration: true });

/** The served model and references on the same rows with mature labels. Differences are served − reference. */
export const CohortResult = z.strictObject({
  window: TimeRange,
  rows: z.number().int(),
  labelledRows: z.number().int(),
  labelCoverage: EvaluateOutput.shape.labelCoverage,
  /** Rows that the fresh refit and the base rate were made from. */
  learntRows: z.number().int(),
  /** Labelled rows that were served since the champion's training data ended. */
  newRows: z.number().int(),
  /** What was resampled: day, row, a feature, or key (the caller). null: no labelled row. */
  blocks: z.string().nullable(),
  arms: z.strictObject({
    served: CohortArm.nullable(),
    fresh: CohortArm.nullable(),
    anchor: CohortArm.nullable(),
    baseRate: CohortArm.nullable(),
  }),
  differences: z.strictObject({
    fresh: z.partialRecord(QualityMetric, PairedDifference).nullable(),
    anchor: z.partialRecord(QualityMetric, PairedDifference).nullable(),
    baseRate: z.partialRecord(QualityMetric, PairedDifference).nullable(),
  }),
});
export type CohortResult = z.infer<typeof CohortResult>;

export const MonitorOutput = z.strictObject({
  window: TimeRange,
  log: z.strictObject({
    rows: z.number().int(),
    files: z.number().int(),
    filesUnreadable: z.number().int(),
    /** The same id and row of the same version, logged again. */
    duplicates: z.number().int(),
    hours: z.number().int(),
    hoursWithRows: z.number().int(),
    sampledOneIn: z.number().int(),
  }),
  versions: z.array(z.strictObject({ version: z.string(), rows: z.number().int() })),
  /** Each row asked once, whoever answered. */
  trafficRows: z.number().int(),
  /** Answered by the champion. */
  servedRows: z.number().int(),
  /** thin: fewer than 30 values on one side. */
  drift: z.strictObject({ columns: z.array(DriftedColumn), thin: z.array(z.string()) }),
  predictions: PredictionDrift.nullable(),
  quality: z.array(FeatureQuality),
  skew: z.strictObject({
    /** Logged answers against those of the model file; null: it served nothing. */
    answers: z.strictObject({ rows: z.number().int(), differingShare: z.number(), differenceMax: z.number() }).nullable(),
    features: FeatureSkew.nullable(),
  }),
  /** Of requests that were answered. */
  latencyMs: z.strictObject({ p50: z.number(), p90: z.number(), p99: z.number() }).nullable(),
  cohort: CohortResult.nullable(),
  /** Of the cohort, as they were joined; null: there is no cohort yet. */
  labels: z
    .strictObject({
      predictions: z.number().int(),
      labelled: z.number().int(),
      censored: z.number().int(),
      repeated: z.number().int(),
      ambiguousIds: z.number().int(),
      unmatchedLabels: z.number().int(),
      conflicts: z.number().int(),
      /** Observed before their prediction was made, by more than clocks differ: not used. */
      observedBefore: z.number().int(),
      /** Labels that exist because our own output decided so. */
      ownDecision: z.number().int(),
      /** Labels that say with which chance they came to be. They are not weighted by it. */
      propensities: z.number().int().default(0),
      /** Files of the log or of the labels that cannot be read; what they held is missing. */
      torn: z.array(z.string()).default([]),
      /** Of the cohort. */
      days: z.array(LabelledDay.pick({ startMs: true, endMs: true, predictions: true, labelled: true, censored: true })).default([]),
    })
    .nullable(),
  /** Of numbers that came with labels of the cohort; `delta` is the mean. */
  kpis: z.array(z.strictObject({ name: z.string(), mean: PairedMean })),
  /** Predictions whose labels are not mature: only told, never decided by. */
  early: z
    .strictObject({ rows: z.number().int(), labelledRows: z.number().int(), metrics: z.record(QualityMetric, z.number().nullable()) })
    .nullable(),
});
export type MonitorOutput = z.infer<typeof MonitorOutput>;
