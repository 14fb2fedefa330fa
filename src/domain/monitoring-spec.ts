import { z } from 'zod';
import type { FindingKind } from './finding.js';

/** Words of the loop that are not answers here, each with the reason: refused, never ignored. */
const REFUSED: Readonly<Record<string, string>> = {
  recalibrate: 'a calibration-only cycle does not exist yet: write retrain (it is judged, calibration included) or alert',
  pauseServing:
    'Ratchet does not take a model out of traffic by itself, because callers would get errors: write alert, and `ratchet rollback` turns back',
};

const CANNOT_RETRAIN = 'retraining does not mend this: write alert';

/** zod's own words where ours has none. */
function refusal({ input }: { readonly input?: unknown }): string | undefined {
  if (typeof input !== 'string') return undefined;
  const why = REFUSED[input] ?? (input === 'retrain' ? CANNOT_RETRAIN : undefined);
  return why === undefined ? undefined : `${input}: ${why}`;
}

const WORDS = 'none: only in the report. alert: people are told. retrain: a cycle is wished for.';
const Answers = z.enum(['none', 'alert', 'retrain'], { error: refusal });
const ALERT = Answers.default('alert').describe(WORDS);
const RETRAIN = Answers.default('retrain').describe(WORDS);
const ONLY_ALERT = z.enum(['none', 'alert'], { error: refusal }).default('alert').describe(WORDS);

const DAY_HOURS = 24;
const WEEK_HOURS = 7 * DAY_HOURS;

function after(foundMin: number, ofWindows: number, againAfterHours: number) {
  return {
    foundMin: z.number().int().min(1).default(foundMin).describe('So many of the last `ofWindows` windows must have found it.'),
    ofWindows: z
      .number()
      .int()
      .min(1)
      .max(100)
      .default(ofWindows)
      .describe('Windows of the present champion; one that could not tell counts as one that found nothing.'),
    againAfterHours: z.number().positive().default(againAfterHours).describe('While it lasts, it is answered again after so long.'),
  };
}

/** `spec.monitoring.answers`: what each kind of finding leads to, and after how many windows. */
export const FindingAnswers = z.strictObject({
  traffic: z
    .strictObject({ action: ONLY_ALERT, ...after(1, 1, DAY_HOURS) })
    .prefault({})
    .describe('Nobody asks, or nothing is logged.'),
  dataDrift: z
    .strictObject({ action: ALERT, ...after(3, 5, WEEK_HOURS) })
    .prefault({})
    .describe('Features are distributed otherwise; alone it is mostly season.'),
  predictionDrift: z
    .strictObject({ action: ALERT, ...after(3, 5, WEEK_HOURS) })
    .prefault({})
    .describe('Answers are distributed otherwise.'),
  dataQuality: z
    .strictObject({ action: ALERT, ...after(1, 1, DAY_HOURS) })
    .prefault({})
    .describe('Nulls, ranges, categories that training never saw.'),
  skew: z
    .strictObject({ action: ONLY_ALERT, ...after(2, 3, DAY_HOURS) })
    .prefault({})
    .describe('What is served differs from what was trained on.'),
  serviceLevel: z
    .strictObject({ action: ONLY_ALERT, ...after(2, 3, DAY_HOURS) })
    .prefault({})
    .describe('Latency and errors.'),
  staleness: z
    .strictObject({ action: RETRAIN, ...after(1, 1, WEEK_HOURS) })
    .prefault({})
    .describe('The training data is old.'),
  newData: z
    .strictObject({ action: RETRAIN, ...after(1, 1, DAY_HOURS) })
    .prefault({})
    .describe('Enough data has come since the training.'),
  decay: z
    .strictObject({ action: RETRAIN, ...after(2, 3, WEEK_HOURS) })
    .prefault({})
    .describe('Worse than a reference on the same mature rows.'),
  calibration: z
    .strictObject({ action: ALERT, ...after(2, 3, WEEK_HOURS) })
    .prefault({})
    .describe('Predictions are too high or too low on average.'),
  promise: z
    .strictObject({ action: ALERT, ...after(2, 3, WEEK_HOURS) })
    .prefault({})
    .describe('Worse than its evaluation promised; a hard month looks so too.'),
  kpi: z
    .strictObject({ action: ALERT, ...after(2, 3, WEEK_HOURS) })
    .prefault({})
    .describe('A business metric.'),
} satisfies Record<FindingKind, z.ZodType>);
export type FindingAnswers = z.infer<typeof FindingAnswers>;

/** What one kind of finding leads to. */
export type FindingPolicy = FindingAnswers['decay'];
