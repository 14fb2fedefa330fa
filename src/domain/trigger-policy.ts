import { z } from 'zod';

const ClockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day like "22:00"');

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** Hours in which no machine starts a cycle; what is wished for meanwhile waits (or is dropped, by `overlap`). */
export const QuietHours = z.strictObject({
  from: ClockTime.describe('When they begin, like "22:00".'),
  to: ClockTime.describe('When they end; earlier than `from`: on the next day.'),
  timeZone: z.string().default('UTC').describe('IANA zone of both.'),
  days: z
    .array(z.enum(WEEKDAYS))
    .min(1)
    .default([...WEEKDAYS])
    .describe('The days on which they begin.'),
});
export type QuietHours = z.infer<typeof QuietHours>;

/** What holds back triggers of one kind, beside what holds back all machines. */
export const TriggerPolicy = z.strictObject({
  cooldownMinutes: z.number().min(0).default(0).describe('Between the end of a cycle of this kind and the next one of this kind.'),
  cyclesPerDayMax: z.number().int().positive().optional().describe('Cycles of this kind in any 24 hours; absent: only the common limit.'),
  coalesceMinutes: z
    .number()
    .min(0)
    .default(0)
    .describe('A trigger waits so long for others to join it: what arrives together is one cycle, with the newest data.'),
  quietHours: z.array(QuietHours).default([]).describe('Hours in which this kind starts nothing.'),
});
export type TriggerPolicy = z.infer<typeof TriggerPolicy>;

export const WebhookPolicy = TriggerPolicy.extend({
  hysteresis: z
    .strictObject({
      firingsMin: z.number().int().min(2).max(100).describe('So many firings start a cycle; those before only count.'),
      withinMinutes: z
        .number()
        .int()
        .min(1)
        .max(7 * 24 * 60)
        .describe('Within so long. What comes within a minute of another counts with it.'),
    })
    .refine(({ firingsMin, withinMinutes }) => withinMinutes >= firingsMin, 'expected at least one minute a firing')
    .optional()
    .describe('How often it must fire before a cycle starts; absent: once.'),
});
export type WebhookPolicy = z.infer<typeof WebhookPolicy>;

/** Compute is what jobs reserve: cores (devices) times the seconds they ran, failed attempts included. */
export const Budget = z
  .strictObject({
    cpuHoursPerMonthMax: z
      .number()
      .positive()
      .optional()
      .describe('Core hours of all cycles, and of monitoring, in a calendar month, UTC.'),
    gpuHoursPerMonthMax: z.number().positive().optional().describe('GPU hours of all cycles in a calendar month, UTC.'),
    costPerMonthMax: z.number().positive().optional().describe('What they may cost in a calendar month, by `prices`.'),
    prices: z
      .strictObject({
        currency: z
          .string()
          .regex(/^[A-Z]{3}$/, 'expected a currency of three letters, like EUR')
          .describe('For the sentences.'),
        cpuHour: z.number().min(0).default(0).describe('Of one core for an hour.'),
        gpuHour: z.number().min(0).default(0).describe('Of one GPU for an hour.'),
      })
      .optional()
      .describe('What an hour costs; needed by costPerMonthMax.'),
  })
  .refine(
    ({ costPerMonthMax, prices }) => costPerMonthMax === undefined || (prices !== undefined && prices.cpuHour + prices.gpuHour > 0),
    'expected prices above 0 beside costPerMonthMax',
  );
export type Budget = z.infer<typeof Budget>;
