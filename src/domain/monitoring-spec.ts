import { z } from 'zod';
import type { FindingKind } from './finding.js';

/** Words of the loop that are not answers here, or not to this finding, each with the reason: refused, never ignored. */
const REFUSED: Readonly<Record<string, string>> = {
  pauseServing: 'refusing all requests does not mend this: write alert',
  retrain: 'retraining does not mend this: write alert',
  recalibrate: 'fitting the answers to newer labels mends only decay and calibration: write alert, or retrain where it is allowed',
};

/** zod's own words where ours has none. */
function refusal({ input }: { readonly input?: unknown }): string | undefined {
  if (typeof input !== 'string') return undefined;
  const why = REFUSED[input];
  return why === undefined ? undefined : `${input}: ${why}`;
}

const TELL = 'none: only in the report. alert: people are told.';
const RETRAINS = `${TELL} retrain: a cycle is wished for.`;
const RECALIBRATES = `${RETRAINS} recalibrate: a cycle that only fits the champion’s answers to newer labels.`;
const PAUSES = 'pauseServing: all requests are refused (HTTP 503) until a person resumes, and people are told.';
const Answers = z.enum(['none', 'alert', 'retrain', 'pauseServing'], { error: refusal });
const ALERT = Answers.default('alert').describe(`${RETRAINS} ${PAUSES}`);
const RETRAIN = Answers.default('retrain').describe(`${RETRAINS} ${PAUSES}`);
const Recalibrates = z.enum(['none', 'alert', 'retrain', 'recalibrate', 'pauseServing'], { error: refusal });
const ONLY_ALERT = z.enum(['none', 'alert'], { error: refusal }).default('alert').describe(TELL);

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
    .strictObject({
      action: z.enum(['none', 'alert', 'pauseServing'], { error: refusal }).default('alert').describe(`${TELL} ${PAUSES}`),
      ...after(2, 3, DAY_HOURS),
    })
    .prefault({})
    .describe('What is served differs from what was trained on.'),
  serviceLevel: z
    .strictObject({ action: ONLY_ALERT, ...after(2, 3, DAY_HOURS) })
    .prefault({})
    .describe('Latency.'),
  errors: z
    .strictObject({ action: ONLY_ALERT, ...after(2, 3, DAY_HOURS) })
    .prefault({})
    .describe('Requests that were not answered with 2xx, of the champion or of another version beside it.'),
  staleness: z
    .strictObject({ action: RETRAIN, ...after(1, 1, WEEK_HOURS) })
    .prefault({})
    .describe('The training data is old.'),
  newData: z
    .strictObject({
      action: z.enum(['none', 'alert', 'retrain'], { error: refusal }).default('retrain').describe(RETRAINS),
      ...after(1, 1, DAY_HOURS),
    })
    .prefault({})
    .describe('Enough data has come since the training.'),
  decay: z
    .strictObject({ action: Recalibrates.default('retrain').describe(`${RECALIBRATES} ${PAUSES}`), ...after(2, 3, WEEK_HOURS) })
    .prefault({})
    .describe('Worse than a reference on the same mature rows.'),
  calibration: z
    .strictObject({ action: Recalibrates.default('alert').describe(`${RECALIBRATES} ${PAUSES}`), ...after(2, 3, WEEK_HOURS) })
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

/** How far back answers look: all windows of `hours`, and at least the last `ofWindows` of the schedule. */
export interface AnswerReach {
  readonly hours: number;
  readonly ofWindows: number;
}

export function reachOfAnswers(answers: FindingAnswers): AnswerReach {
  const policies = Object.values(answers);
  return {
    hours: Math.max(...policies.map(({ againAfterHours }) => againAfterHours)),
    ofWindows: Math.max(...policies.map(({ ofWindows }) => ofWindows)),
  };
}

/** What one kind of finding leads to. */
export type FindingPolicy = FindingAnswers['decay'];
