import { z } from 'zod';
import type { Digest } from './digest.js';

/** What people are told of. Names live in model files: add, never rename. */
export const NoticeEvent = z.enum(['approval', 'escalation', 'bake', 'reconcile', 'monitor', 'test']);
export type NoticeEvent = z.infer<typeof NoticeEvent>;

/** The name of a receiver in the worker's notices.yaml. */
export const RouteName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/, 'expected lower-case letters, digits and dashes');

export const NoticesSpec = z.array(
  z.strictObject({
    to: z.array(RouteName).min(1).describe('Names of routes in the worker’s notices.yaml.'),
    on: z
      .array(NoticeEvent.exclude(['test']))
      .min(1)
      .optional()
      .describe('Which events; absent: all of them.'),
  }),
);
export type NoticesSpec = z.infer<typeof NoticesSpec>;

/** One event, told to people. */
export interface Notice {
  /** The same for the same event, however often it is told. */
  readonly id: string;
  readonly model: string;
  readonly event: NoticeEvent;
  readonly severity: 'info' | 'action';
  readonly title: string;
  /** Plain text; says what must be decided and with which command. */
  readonly text: string;
  /** The people it is for, as they sign. */
  readonly to: readonly string[];
  /** Where it can be looked at; null or absent: only by command. */
  readonly link?: string | null;
  /** What a person must decide; of an approval, people are reminded until it is decided. */
  readonly waitsFor?: { readonly cycle: number; readonly candidateDigest: Digest };
  /** What stands still until a person resumes it, the model's loop or its serving; people are reminded while it does. `since`: ISO 8601. */
  readonly untilResumed?: { readonly what: 'loop' | 'serving'; readonly since: string };
}
