import { z } from 'zod';
import { ChecksSpec, DataSpec, Feature, Label } from './data-spec.js';
import { DataFile, Dataset, TimeRange } from './dataset.js';
import { Digest } from './digest.js';
import { ServedRows } from './served-rows.js';
import { EvaluationSpec, QualityMetric } from './evaluation-spec.js';

/** What RATCHET_INPUT and RATCHET_OUTPUT hold, per stage. Pure content: digests and spec parts, no paths, no names of runs. */

export const SnapshotInput = z.strictObject({
  stage: z.literal('snapshot'),
  data: DataSpec,
  /** [start, end): `end` is as-of. */
  window: TimeRange,
  /** Rows from here on are the holdout. */
  holdoutStart: z.iso.datetime({ offset: true }),
});
export const SnapshotOutput = z.strictObject({ datasetDigest: Digest, dataset: Dataset });
export type SnapshotInput = z.infer<typeof SnapshotInput>;
export type SnapshotOutput = z.infer<typeof SnapshotOutput>;

export const ValidateInput = z.strictObject({
  stage: z.literal('validate'),
  datasetDigest: Digest,
  /** The champion's dataset, to compare with; null without a champion. */
  referenceDatasetDigest: Digest.nullable(),
  data: DataSpec.omit({ source: true, window: true }).extend({ rowsMin: z.number().int() }),
  checks: ChecksSpec,
});
export const CheckResult = z.strictObject({
  name: z.string(),
  /** stop: the cycle ends here where it did not pass. report: only told. */
  severity: z.enum(['stop', 'report']),
  passed: z.boolean(),
  expected: z.string(),
  observed: z.string(),
  /** At most five failing rows. */
  examples: z.array(z.record(z.string(), z.json())).max(5),
});
export const DriftedColumn = z.strictObject({
  column: z.string(),
  test: z.string(),
  statistic: z.number(),
  threshold: z.number(),
  drifted: z.boolean(),
});
export const ValidateOutput = z.strictObject({
  checks: z.array(CheckResult),
  drift: z.strictObject({ driftedShare: z.number(), columns: z.array(DriftedColumn) }).nullable(),
  rows: z.number().int(),
});
export type ValidateInput = z.infer<typeof ValidateInput>;
export type ValidateOutput = z.infer<typeof ValidateOutput>;
export type CheckResult = z.infer<typeof CheckResult>;

/** A trained model: one file, ONNX or a zipped MLflow model; inputs are the raw features by name, output `probability`. */
export const TrainedModel = z.strictObject({
  format: z.enum(['onnx', 'pyfunc']),
  digest: Digest,
  bytes: z.number().int().positive(),
  inputs: z.array(z.strictObject({ name: z.string(), type: z.enum(['number', 'category']) })).min(1),
});
export type TrainedModel = z.infer<typeof TrainedModel>;

export const TrainInput = z.strictObject({
  stage: z.enum(['train', 'refit']),
  datasetDigest: Digest,
  /** train: only the training part. refit: all parts. */
  files: z.array(DataFile).min(1),
  features: z.array(Feature).min(1),
  label: Label,
  timeColumn: z.string(),
  config: z.record(z.string(), z.json()),
  seed: z.number().int(),
  /** What else decides the bytes of the model. */
  environment: z.strictObject({ lockDigest: Digest, architecture: z.string() }),
  /** Of a recalibration, which runs no trainer: the champion, whose answers are fitted to the rows after its training. */
  recalibrates: z.strictObject({ model: TrainedModel, trainEnd: z.iso.datetime({ offset: true }) }).optional(),
});
export const TrainOutput = z.strictObject({
  model: TrainedModel,
  rows: z.number().int().positive(),
  /** What the trainer saw: [start, end). */
  trainWindow: TimeRange,
  metrics: z.record(z.string(), z.number()),
  /** Where the run can be looked at; null where no tracking server was reachable. */
  mlflowRunId: z.string().nullable(),
});
export type TrainInput = z.infer<typeof TrainInput>;
export type TrainOutput = z.infer<typeof TrainOutput>;

/** A model that takes part in an evaluation. */
export const ArmInput = z.strictObject({ model: TrainedModel, trainEnd: z.iso.datetime({ offset: true }) });

export const EvaluateInput = z.strictObject({
  stage: z.literal('evaluate'),
  datasetDigest: Digest,
  data: DataSpec.omit({ source: true, window: true }),
  evaluation: EvaluationSpec,
  challenger: ArmInput,
  /** `features`: what its model file let callers send; absent in what older versions planned. */
  champion: ArmInput.extend({ features: z.array(Feature.pick({ name: true, type: true, nullable: true })).optional() }).nullable(),
  anchor: ArmInput.nullable(),
});
export type EvaluateInput = z.infer<typeof EvaluateInput>;

/** Sums per block, so that the judge can build any interval: `sums[k]` = Σ over block k of (challenger − other) loss. */
export const PairedMean = z.strictObject({
  kind: z.literal('mean'),
  delta: z.number(),
  rows: z.number().int(),
  blockRows: z.array(z.number().int()),
  blockSums: z.array(z.number()),
});
export type PairedMean = z.infer<typeof PairedMean>;
/** Replicates of challenger − other under the paired cluster bootstrap; for what is no mean (AUC). */
export const PairedBootstrap = z.strictObject({
  kind: z.literal('bootstrap'),
  delta: z.number(),
  rows: z.number().int(),
  blockRows: z.array(z.number().int()),
  replicates: z.array(z.number()),
});
export const PairedDifference = z.discriminatedUnion('kind', [PairedMean, PairedBootstrap]);
export type PairedDifference = z.infer<typeof PairedDifference>;

export const ArmResult = z.strictObject({
  /** null: could not be computed (one class only). */
  metrics: z.record(QualityMetric, z.number().nullable()),
  calibration: z.strictObject({
    meanPrediction: z.number(),
    rate: z.number(),
    bins: z.array(z.strictObject({ rows: z.number().int(), meanPrediction: z.number(), rate: z.number() })),
  }),
  /** One row at a time; null for arms that are no model file. */
  latencyMs: z.strictObject({ p50: z.number(), p99: z.number() }).nullable(),
  bytes: z.number().int().nullable(),
  trainEnd: z.iso.datetime({ offset: true }).nullable(),
});
export type ArmResult = z.infer<typeof ArmResult>;

export const SliceResult = z.strictObject({
  by: z.string(),
  value: z.string(),
  rows: z.number().int(),
  rate: z.number().nullable(),
  challenger: z.record(QualityMetric, z.number().nullable()),
  champion: z.record(QualityMetric, z.number().nullable()).nullable(),
  /** Against the champion; empty without one. */
  differences: z.partialRecord(QualityMetric, PairedDifference),
});
export type SliceResult = z.infer<typeof SliceResult>;

export const ProbeResult = z.strictObject({ name: z.string(), passed: z.boolean(), detail: z.string() });
export type ProbeResult = z.infer<typeof ProbeResult>;

export const EvaluateOutput = z.strictObject({
  holdout: TimeRange,
  rows: z.number().int(),
  /** Rows with a label; quality is computed on these. */
  labelledRows: z.number().int(),
  labelCoverage: z.strictObject({
    overall: z.number(),
    byScoreDecile: z.array(z.number()),
    byMonth: z.array(z.strictObject({ month: z.string(), coverage: z.number() })),
  }),
  arms: z.strictObject({
    challenger: ArmResult,
    champion: ArmResult.nullable(),
    anchor: ArmResult.nullable(),
    baseline: ArmResult.nullable(),
    baseRate: ArmResult,
  }),
  /** challenger − other, per metric; null where that arm is missing or was trained on part of the holdout. */
  differences: z.strictObject({
    champion: z.partialRecord(QualityMetric, PairedDifference).nullable(),
    anchor: z.partialRecord(QualityMetric, PairedDifference).nullable(),
    baseRate: z.partialRecord(QualityMetric, PairedDifference),
  }),
  slices: z.array(SliceResult),
  probes: z.array(ProbeResult),
  /** Rows with the candidate's answers, to be asked again of its servers; absent: made before models were served. */
  served: ServedRows.optional(),
  /** The candidate's answers on the whole holdout, in 20 equal bins of [0, 1]. */
  scoreHistogram: z.array(z.number().int().min(0)).length(20).optional(),
});
export type EvaluateOutput = z.infer<typeof EvaluateOutput>;

/** After a refit: the model trained on all data is held against its judged sibling on the holdout's rows, and probed. */
export const AgreeInput = z.strictObject({
  stage: z.literal('agree'),
  datasetDigest: Digest,
  data: DataSpec.omit({ source: true, window: true }),
  evaluation: EvaluationSpec,
  refit: ArmInput,
  sibling: ArmInput,
});
export type AgreeInput = z.infer<typeof AgreeInput>;
export const AgreeOutput = z.strictObject({
  rows: z.number().int(),
  /** Spearman's, of the two models' predictions. */
  rankCorrelation: z.number(),
  meanAbsoluteDifference: z.number(),
  /** refit − sibling on the holdout's labelled rows, per metric; absent: made before refits were judged by it. */
  differences: z.partialRecord(QualityMetric, PairedDifference).optional(),
  probes: z.array(ProbeResult),
  /** Rows with the candidate's answers, to be asked again of its servers; absent: made before models were served. */
  served: ServedRows.optional(),
  /** The candidate's answers on the whole holdout, in 20 equal bins of [0, 1]. */
  scoreHistogram: z.array(z.number().int().min(0)).length(20).optional(),
});
export type AgreeOutput = z.infer<typeof AgreeOutput>;
