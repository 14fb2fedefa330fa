import { z } from 'zod';

/** A file or folder beside the model file that travels with a job; never outside the model file's folder. */
export const CodePath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith('/') && !path.split('/').includes('..'), 'expected a path inside the folder of the model file');

export const DataSource = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('python').describe('Rows come from a function.'),
    entrypoint: z
      .string()
      .regex(/^[A-Za-z_][\w.]*:[A-Za-z_]\w*$/, 'expected module:function')
      .describe('A function (start, end) -> pandas.DataFrame of all rows with start <= time < end.'),
    files: z.array(CodePath).min(1).describe('The files the function needs, relative to the model file.'),
  }),
  z.strictObject({
    kind: z.literal('parquet').describe('Rows come from files.'),
    uri: z.string().min(1).describe('A Parquet file or folder: file:///… or s3://….'),
  }),
]);
export type DataSource = z.infer<typeof DataSource>;

export const Feature = z.strictObject({
  name: z.string().min(1).describe('The column.'),
  type: z.enum(['number', 'category']).describe('number: float32, null is NaN. category: text, null is empty.'),
  nullable: z.boolean().default(false).describe('Whether nulls are allowed; a nullable feature is probed with null before any traffic.'),
  min: z.number().optional().describe('Smallest value allowed (numbers).'),
  max: z.number().optional().describe('Largest value allowed (numbers).'),
  availableAt: z
    .string()
    .optional()
    .describe(
      'The column with the time at which this value was known; a row where it lies after the prediction time fails validation. Absent: known before the row exists.',
    ),
});
export type Feature = z.infer<typeof Feature>;

export const Label = z.strictObject({
  column: z.string().min(1).describe('0 or 1; null = not (yet) known.'),
  delayHours: z
    .number()
    .min(0)
    .max(10 * 365 * 24)
    .describe('A label is mature this long after the row’s time; without --as-of the data window ends where labels are mature.'),
  observedAt: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The column with the time at which a row’s label became known. One that came later than delayHours after the window’s end is null in the snapshot, so that a cycle of a past window sees what it would have seen then. Absent: whatever the source says now.',
    ),
  policy: z
    .enum(['independent', 'ownDecision'])
    .default('independent')
    .describe(
      'ownDecision: our own output decided whether the label exists (loans, fraud). Quality gates are then refused, unless acceptSelectiveLabels says why not.',
    ),
  coverageMin: z
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe('Of a day’s logged predictions: with a smaller share labelled or censored, what is said of the day is provisional.'),
  coverageDropMax: z
    .number()
    .min(0)
    .lt(1)
    .default(0.2)
    .describe(
      'So much smaller than on the mature days before (their median), relatively, may the share be; else the day’s labels are others than theirs, and it stays provisional.',
    ),
  acceptSelectiveLabels: z.string().min(10).optional().describe('The reason why selectively observed labels are good enough here.'),
});

export const Window = z
  .strictObject({
    start: z.iso.datetime({ offset: true }).optional().describe('A fixed start: the window grows.'),
    days: z.number().int().positive().optional().describe('A sliding window of this many days.'),
    holdoutDays: z.number().int().positive().describe('The last days before the end are never trained on; all arms are judged there.'),
    rowsMin: z.number().int().positive().default(1).describe('Fewer rows than this is an empty or truncated window.'),
  })
  .refine((window) => (window.start === undefined) !== (window.days === undefined), 'expected exactly one of start and days');

export const DataSpec = z.strictObject({
  source: DataSource.describe('Where the rows come from.'),
  timeColumn: z.string().min(1).describe('The time at which the prediction is asked for, UTC.'),
  timeZone: z.string().default('UTC').describe('IANA zone in which days begin (windows, blocks).'),
  keyColumns: z.array(z.string()).default([]).describe('Columns that together name a row; duplicates fail validation.'),
  window: Window.describe('Which days a cycle sees; exactly one of start and days.'),
  label: Label.describe('What is predicted.'),
  features: z.array(Feature).min(1).describe('The model’s inputs.'),
});
export type DataSpec = z.infer<typeof DataSpec>;

export const ChecksSpec = z.strictObject({
  duplicateRowsMax: z.number().int().min(0).default(0).describe('Rows with the same key columns.'),
  nullShareMax: z.number().min(0).max(1).default(0.2).describe('Per nullable feature.'),
  outOfRangeRowsMax: z.number().int().min(0).default(0).describe('Rows with a value outside of its feature’s min and max.'),
  rowsChangeMax: z
    .number()
    .positive()
    .default(0.5)
    .describe('Rows a day against the champion’s training snapshot: 0.5 = half as many or half as many again.'),
  drift: z
    .strictObject({
      statisticMax: z
        .number()
        .positive()
        .default(0.1)
        .describe('Normed Wasserstein distance (numbers), Jensen-Shannon distance (categories).'),
      driftedShareMax: z
        .number()
        .min(0)
        .max(1)
        .default(0.5)
        .describe('With more than this share of drifted features the data has drifted.'),
      onDrift: z.enum(['report', 'stop']).default('report').describe('Feature drift alone is mostly season: reported unless you say stop.'),
    })
    .prefault({})
    .describe('Against the champion’s training snapshot.'),
});
export type ChecksSpec = z.infer<typeof ChecksSpec>;
