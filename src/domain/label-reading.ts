import { z } from 'zod';
import { Arm } from './serving.js';

/** What is asked of the prediction log and the labels: a time, and what was known when. */
export interface LabelQuestion {
  readonly model: string;
  /** Predictions of [startMs, endMs), milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  /** Labels received and observed by then. */
  readonly asOfMs: number;
  /** IANA zone in which days begin. */
  readonly timeZone: string;
  /** Instances to compare, and the named numbers with their bounds; null: none. */
  readonly compare: {
    readonly arms: Readonly<Partial<Record<Arm, readonly string[]>>>;
    readonly kpis: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
    /** Of so many groups of callers, one speaks of named numbers on each day, in turn; null: each row speaks for itself. */
    readonly callerGroups: number | null;
  } | null;
}

const Count = z.number().int().min(0);
const Known = { predictions: Count, labelled: Count, censored: Count };

/** One arm's answers that were the only ones to their requests, and the means of the numbers that came with their labels. */
const ArmDay = z.strictObject({
  predictions: Count,
  kpis: z.record(
    z.string(),
    z.strictObject({
      labelled: Count,
      mean: z.number().nullable(),
      /** Whose means the mean is of; null or absent: it is of rows. */
      callers: Count.nullish(),
    }),
  ),
});

/** A cohort: all predictions of a day, and what became known of them. */
export const LabelledDay = z.strictObject({
  day: z.iso.date(),
  startMs: z.number(),
  endMs: z.number(),
  ...Known,
  /** Rows whose labels exist only because our own output decided so. Absent: of before this was counted. */
  ownDecision: Count.optional(),
  /** Rows that both arms answered, and the mean of challenger minus other over the labelled ones; null: there are none. */
  pairs: z.strictObject({ ...Known, logLoss: z.number().nullable(), brier: z.number().nullable() }).nullable(),
  arms: z.partialRecord(Arm, ArmDay),
});
export type LabelledDay = z.infer<typeof LabelledDay>;

/** What the join found. */
export const LabelReading = z.strictObject({
  counts: z.strictObject({
    ...Known,
    /** Logged more than once with the same answer; counted once. */
    repeated: Count,
    /** Ids that stand for predictions with different answers: their rows get no label. */
    ambiguousIds: Count,
    /** Labels received in this time for predictions that are not of this time: older, or unknown. */
    unmatchedLabels: Count,
    /** Rows whose labels say different things; the first received counts. */
    conflicts: Count,
    /** Labels observed before their prediction was made, by more than clocks differ: not used. */
    observedBefore: Count,
  }),
  conflicts: z.array(z.strictObject({ id: z.string(), row: z.number().int(), field: z.string(), first: z.number(), other: z.number() })),
  /** Named numbers that came with labels. */
  kpis: z.array(z.string()),
  days: z.array(LabelledDay),
});
export type LabelReading = z.infer<typeof LabelReading>;
