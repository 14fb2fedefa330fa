import { z } from 'zod';

export const TriggersSpec = z.strictObject({
  schedules: z
    .array(
      z.strictObject({
        cron: z
          .string()
          .regex(/^\S+(\s+\S+){4}$/, 'expected five fields: minute hour day-of-month month day-of-week')
          .describe('Minute, hour, day of month, month, day of week.'),
        timeZone: z.string().default('UTC').describe('IANA zone of the cron fields.'),
      }),
    )
    .default([])
    .describe('When a cycle is wished for.'),
  overlap: z
    .enum(['skip', 'bufferOne', 'bufferAll'])
    .default('bufferOne')
    .describe('What a scheduled trigger does while a cycle is open. People’s triggers always queue.'),
  cooldownMinutes: z.number().min(0).default(0).describe('Between the end of a cycle and the next one that no person asked for.'),
  cyclesPerDayMax: z.number().int().positive().default(24).describe('In any 24 hours; people’s cycles count, but are never held back.'),
});
export type TriggersSpec = z.infer<typeof TriggersSpec>;

export const TriggerKind = z.enum(['person', 'schedule', 'drift', 'decay', 'webhook', 'ci', 'staleness', 'newData']);

/** One wish for a cycle. The same key is the same wish, however often it arrives. */
export const Trigger = z.strictObject({
  key: z.string().min(1).max(200),
  kind: TriggerKind,
  requestedBy: z.string().min(1),
  reason: z.string().max(2000).default(''),
  /** The end of the data window, never later than labels are mature; absent: as late as they are. */
  asOf: z.iso.datetime({ offset: true }).optional(),
  /** Goes on from the failed stage of this cycle. */
  retryOf: z.number().int().positive().optional(),
  commit: z.string().optional(),
});
export type Trigger = z.infer<typeof Trigger>;
