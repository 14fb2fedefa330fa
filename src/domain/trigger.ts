import { z } from 'zod';
import { Budget, QuietHours, TriggerPolicy, WebhookPolicy } from './trigger-policy.js';

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
    .describe(
      'What a machine’s trigger does that may not start now: is dropped, waits with the others as one, waits. People’s triggers always queue.',
    ),
  cooldownMinutes: z.number().min(0).default(0).describe('Between the end of a cycle and the next one that no person asked for.'),
  cyclesPerDayMax: z.number().int().positive().default(24).describe('In any 24 hours; people’s cycles count, but are never held back.'),
  quietHours: z.array(QuietHours).default([]).describe('Hours in which no machine starts a cycle.'),
  budget: Budget.optional().describe('What all cycles may use in a month before machines must wait for the next one.'),
  policies: z
    .strictObject({
      schedule: TriggerPolicy.optional().describe('The schedules above.'),
      drift: TriggerPolicy.optional().describe('Findings about the data.'),
      decay: TriggerPolicy.optional().describe('Findings about the model’s quality.'),
      staleness: TriggerPolicy.optional().describe('The training data is old.'),
      newData: TriggerPolicy.optional().describe('Enough data has come.'),
      webhook: WebhookPolicy.optional().describe('Another system asked.'),
    })
    .prefault({})
    .describe('What holds back one kind of trigger, beside the limits above. People and CI are never held back.'),
});
export type TriggersSpec = z.infer<typeof TriggersSpec>;

export const TriggerKind = z.enum(['person', 'schedule', 'drift', 'decay', 'webhook', 'ci', 'staleness', 'newData']);
export type TriggerKind = z.infer<typeof TriggerKind>;

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
  /** recalibrate: no trainer runs, the champion's answers are fitted to newer labels; absent: the trainer of the model file. */
  recipe: z.literal('recalibrate').optional(),
  /** The commit whose code and spec it wants to see tried. */
  commit: z.string().optional(),
});
export type Trigger = z.infer<typeof Trigger>;
