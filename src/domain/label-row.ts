import { z } from 'zod';

/** A named number that comes with a label: revenue, minutes, clicks. */
export const KpiName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,59}$/, 'expected a name of letters, digits and "_", beginning with a letter, at most 60');

const Flag = z.union([z.boolean(), z.literal(0), z.literal(1)], { error: 'expected true, false, 0 or 1' }).transform(Boolean);
const Label = z.union([z.number(), z.boolean()], { error: 'expected a number, true or false' }).transform(Number);

/**
 * What became known of one predicted row. `value`: the truth. `values`: named numbers beside it, which may also come by
 * themselves. `censored`: it is known that no truth will be seen by now (a cancelled flight).
 */
export const LabelRow = z
  .strictObject({
    /** As the answer named the request: `id` of the Open Inference Protocol. */
    id: z.string().min(1, 'expected the id of a prediction').max(500),
    /** Of the request's rows, from 0. */
    row: z.number().int().min(0).default(0),
    value: Label.nullable().default(null),
    values: z.record(KpiName, z.number().nullable()).default({}),
    /** When it became true or known in the world; absent: when it was received. */
    observedAt: z.iso
      .datetime({ offset: true, error: 'expected a time with its zone, such as 2013-07-01T06:00:00Z' })
      .nullable()
      .default(null),
    censored: Flag.default(false),
    /** ownDecision: our own output decided that this label exists. */
    policy: z.enum(['independent', 'ownDecision']).nullable().default(null),
    /** The chance with which the decision that let this label exist was drawn, where it was drawn at random. */
    propensity: z.number().gt(0).max(1).nullable().default(null),
  })
  .superRefine((row, context) => {
    if (row.censored && row.value !== null)
      context.addIssue({ code: 'custom', path: ['value'], message: 'expected no value where censored is true', input: row.value });
    if (!row.censored && row.value === null && Object.values(row.values).every((number) => number === null))
      context.addIssue({
        code: 'custom',
        path: ['value'],
        message: 'expected a value, or a number in values, or censored',
        input: row.value,
      });
  });
export type LabelRow = z.infer<typeof LabelRow>;
