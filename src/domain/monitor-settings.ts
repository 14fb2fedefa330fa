import { z } from 'zod';
import { QualityMetric } from './evaluation-spec.js';
import { FindingAnswers } from './monitoring-spec.js';

const Share = z.number().min(0).max(1);

/** When a model is looked at by itself. */
export const MonitorSchedule = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('cron').describe('At times of the day.'),
    cron: z
      .string()
      .regex(/^\S+(\s+\S+){4}$/, 'expected five fields: minute hour day-of-month month day-of-week')
      .describe('Minute, hour, day of month, month, day of week.'),
    timeZone: z.string().default('UTC').describe('IANA zone of the cron fields.'),
  }),
  z.strictObject({
    kind: z.literal('interval').describe('Again and again.'),
    everyMinutes: z.number().int().min(1).describe('From one start to the next.'),
  }),
]);
export type MonitorSchedule = z.infer<typeof MonitorSchedule>;

/** From where on a measurement is a finding. */
export const MonitorThresholds = z.strictObject({
  rowsMin: z.number().int().min(30).default(200).describe('Fewer predictions in a window, or values of a feature, say nothing about it.'),
  driftStatisticMax: z.number().positive().default(0.1).describe('Per feature: normed Wasserstein (numbers), Jensen-Shannon (categories).'),
  driftedShareMax: Share.default(0.5).describe('With more than this share of drifted features the data has drifted; mostly it is season.'),
  predictionStatisticMax: z.number().positive().default(0.25).describe('Normed Wasserstein distance of the answers to those in training.'),
  nullShareRiseMax: Share.default(0.1).describe('How many more nulls than in training, as a share of rows.'),
  outOfRangeShareMax: Share.default(0.01).describe('Values outside of the declared range, else of that in training.'),
  unseenShareMax: Share.default(0.01).describe('Categories that training never saw.'),
  skewShareMax: Share.default(0.01).describe('Answers that differ from the model file’s, or features that differ from the snapshot’s.'),
  latencyMsP99Max: z.number().positive().optional().describe('Of answered requests, in the server; absent: only told.'),
  errorRateMax: Share.optional().describe(
    'Requests that were not answered with 2xx, as the proxy counts them, as a share of all; for each version. Absent: only told.',
  ),
  staleDaysMax: z.number().positive().optional().describe('Days since the end of the training data; absent: only told.'),
  newRowsMin: z.number().int().positive().optional().describe('Labelled rows since the end of the training data; absent: only told.'),
  promiseDistanceMax: z
    .number()
    .positive()
    .default(0.05)
    .describe('How much worse than in its evaluation the champion may be, in the metric; alerts.'),
  calibrationGapMax: z.number().positive().default(0.1).describe('|mean prediction − rate| on mature rows.'),
});
export type MonitorThresholds = z.infer<typeof MonitorThresholds>;

/** A number that comes with labels: what its mean over mature predictions must keep to. */
export const KpiLimit = z
  .strictObject({
    name: z.string().min(1).describe('As it stands in `values` of the labels.'),
    min: z.number().optional().describe('The mean must not be proven below this.'),
    max: z.number().optional().describe('The mean must not be proven above this.'),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'expected min, max or both');
export type KpiLimit = z.infer<typeof KpiLimit>;

/** Against what the champion is held on rows whose labels are mature. */
export const DecaySpec = z.strictObject({
  metric: QualityMetric.default('logLoss').describe('What is compared.'),
  margin: z.number().min(0).default(0.005).describe('So much worse than a reference is still as good.'),
  alpha: z.number().gt(0).lt(0.5).default(0.05).describe('Error probability of one window, shared by the references.'),
  cohortDays: z.number().int().min(1).default(28).describe('Mature predictions of so many days are compared.'),
  learntDays: z.number().int().min(1).default(90).describe('A fresh refit learns from so many days before, beside the training snapshot.'),
  coverageGapMax: Share.default(0.2).describe('By score: a greater gap between deciles makes quality a guess.'),
});
export type DecaySpec = z.infer<typeof DecaySpec>;

export const MonitorSettings = z.strictObject({
  schedule: MonitorSchedule.optional().describe('When it runs by itself; absent: only by `ratchet monitor`.'),
  windowHours: z
    .number()
    .int()
    .min(1)
    .max(24 * 31)
    .default(24)
    .describe('So many hours of predictions are looked at.'),
  settleMinutes: z.number().int().min(0).default(5).describe('A window ends so long before the run: servers ship their logs each minute.'),
  thresholds: MonitorThresholds.prefault({}).describe('From where on a measurement is a finding.'),
  decay: DecaySpec.prefault({}).describe('Decay is relative: the champion against references on the same mature rows.'),
  kpis: z.array(KpiLimit).default([]).describe('Business metrics that come with the labels.'),
  answers: FindingAnswers.prefault({}).describe('What each kind of finding leads to.'),
});
export type MonitorSettings = z.infer<typeof MonitorSettings>;
