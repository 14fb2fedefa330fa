import { z } from 'zod';
import { KpiName } from './label-row.js';

const bakes = {
  bakeSeconds: z.number().int().positive().describe('At least so long; then on as soon as the named regressions would have been found.'),
  bakeSecondsMax: z.number().int().positive().optional().describe('Undecided by then: turned back. Absent: ten times bakeSeconds.'),
};

export const RolloutStep = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('shadow').describe('A copy of every request, whose answer nobody waits for.'), ...bakes })
    .describe('The challenger answers copies; users are untouched.'),
  z
    .strictObject({
      kind: z.literal('canary').describe('A share of the requests.'),
      weightPercent: z.number().int().min(1).max(99).describe('The challenger’s share; never smaller than the step before.'),
      ...bakes,
    })
    .describe('The challenger answers a share of the requests.'),
  z
    .strictObject({
      kind: z
        .literal('full')
        .describe('Everything but `bake.holdbackPercent`, or everything with copies to the old champion where `bake.compare` is mirror.'),
      ...bakes,
    })
    .describe('The challenger answers everything but the holdback.'),
]);
export type RolloutStep = z.infer<typeof RolloutStep>;

const shared = {
  weight: z.number().gt(0).default(1).describe('Its share of alpha, relative to the other metrics.'),
};
const ratios = {
  margin: z.number().min(0).max(10).default(0.2).describe('Worse by less than this share is no harm: .2 allows 20% more.'),
  detect: z
    .number()
    .gt(1)
    .max(16)
    .default(2)
    .describe('A step passes once a regression by this factor would have been found with 90% power.'),
};

const daily = {
  detect: z
    .number()
    .gt(0)
    .optional()
    .describe(
      'A step passes once a difference of this size would have been found with 90% power, in days like those seen; absent: five times the margin.',
    ),
};

export const RolloutMetric = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('errors').describe('Any answer that is not 2xx, and timeouts.'),
      ...shared,
      ...ratios,
      shareMax: z.number().gt(0).lt(1).optional().describe('An absolute limit on the share of errors.'),
    })
    .describe('Errors of the challenger against those of the baseline.'),
  z
    .strictObject({
      kind: z.literal('latency').describe('Answers slower than the baseline’s p50, p90 and p99.'),
      ...shared,
      ...ratios,
      detect: z.number().gt(1).max(16).default(1.5).describe('As for errors, of the whole latency.'),
      p99MsMax: z.number().gt(0).optional().describe('An absolute limit on the 99th percentile.'),
    })
    .describe('Latency of the challenger against the baseline’s.'),
  z
    .strictObject({
      kind: z.literal('mean').describe('The mean of a bounded value.'),
      of: z.literal('score').default('score').describe('The model’s answer.'),
      ...shared,
      min: z.number().default(0).describe('The value’s lower bound: values below count as this.'),
      max: z.number().default(1).describe('The value’s upper bound.'),
      direction: z.enum(['up', 'down', 'either']).default('either').describe('Which way is harm: the mean going up, down, or either.'),
      margin: z.number().min(0).describe('A difference of less than this, in the value’s own units, is no harm.'),
      detect: z.number().gt(0).describe('A step passes once a difference of this size would have been found with 90% power.'),
    })
    .describe('The mean of the challenger’s answers against the baseline’s.'),
  z
    .strictObject({
      kind: z.literal('distribution').describe('The challenger’s answers against its own answers in the evaluation.'),
      ...shared,
      psiMax: z.number().gt(0).default(0.25).describe('Population stability index, over 20 bins of the score.'),
    })
    .describe('Whether the challenger answers in production what it answered in the evaluation.'),
  z
    .strictObject({
      kind: z.literal('quality').describe('Paired, in shadow, where labels exist.'),
      metric: z.enum(['logLoss', 'brier']).default('logLoss').describe('Of each labelled row, both arms.'),
      ...shared,
      margin: z.number().gt(0).describe('In the metric’s own units: a day on which it is worse by less is no vote against the challenger.'),
      ...daily,
      blocksMin: z.number().int().min(10).default(10).describe('Mature days at least before it passes.'),
    })
    .describe('Paired quality on late labels: both arms’ answers to the same requests, by mature day.'),
  z
    .strictObject({
      kind: z.literal('kpi').describe('A named number that comes with labels, by arm.'),
      name: KpiName.describe('As in the labels’ `values`.'),
      ...shared,
      min: z.number().describe('Its lower bound: values below count as this.'),
      max: z.number().describe('Its upper bound.'),
      direction: z.enum(['up', 'down', 'either']).describe('Which way is harm: the mean going up, down, or either.'),
      margin: z.number().gt(0).describe('A difference of less than this, in its own units, is no harm.'),
      ...daily,
      blocksMin: z.number().int().min(1).default(7).describe('Mature days at least before it passes.'),
    })
    .describe(
      'A business number on late labels: the mean of the requests that the challenger answered against the baseline’s, by mature day; where unit is key, each caller counts once, on one of 28 days.',
    ),
]);
export type RolloutMetric = z.infer<typeof RolloutMetric>;

export const BakeSpec = z.strictObject({
  seconds: z.number().int().positive().describe('How long after the promotion a regression still turns back.'),
  compare: z
    .enum(['holdback', 'mirror', 'none'])
    .default('holdback')
    .describe(
      'holdback: the old champion keeps a random share. mirror: it answers copies. none: only absolute limits can turn back, and the record says so.',
    ),
  holdbackPercent: z.number().int().min(1).max(50).default(5).describe('The old champion’s share while the new one bakes.'),
});
export type BakeSpec = z.infer<typeof BakeSpec>;

export const RolloutSpec = z.strictObject({
  alpha: z.number().gt(0).max(0.2).default(0.01).describe('The chance of turning a harmless challenger back, over the whole rollout.'),
  steps: z.array(RolloutStep).min(1).max(20).describe('In order; weights never fall; the last one is `full`.'),
  bake: BakeSpec.describe('After the promotion.'),
  metrics: z.array(RolloutMetric).min(1).max(20).describe('What turns a challenger back; they share alpha by weight.'),
  unit: z
    .enum(['request', 'key'])
    .default('request')
    .describe('What is drawn at random and counted once: a request, or a caller where serving.stickyBy keeps callers with a version.'),
  baseline: z
    .enum(['fresh', 'champion'])
    .default('fresh')
    .describe('fresh: compared with new processes of the champion under the same weight, so that caches and age are equal.'),
  windowSeconds: z.number().min(0.1).max(300).default(5).describe('Traffic is read and judged once per window.'),
  errorSecondsMax: z
    .number()
    .int()
    .positive()
    .default(120)
    .describe('Traffic that cannot be measured, or is split otherwise than it was set, for so long: turned back.'),
  traffic: z
    .strictObject({
      requestsPerSecond: z.number().gt(0).describe('On average.'),
      errorShare: z.number().min(0).max(1).default(0.001).describe('Of the champion.'),
    })
    .optional()
    .describe('What you expect; lint and simulate say by it how long the steps take.'),
});
export type RolloutSpec = z.infer<typeof RolloutSpec>;
