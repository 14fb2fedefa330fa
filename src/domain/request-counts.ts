import { z } from 'zod';
import { Arm } from './serving.js';
import { windowStamp } from './window-stamp.js';

const Count = z.number().int().min(0);

/** Requests to a version, in one role, and those of them that were not answered with 2xx. */
export const ArmRequests = z.strictObject({ arm: Arm, version: z.string(), requests: Count, errors: Count });
export type ArmRequests = z.infer<typeof ArmRequests>;

/** What the router had counted at one time, and what that makes since `since`: sums that go on where a counter began anew. */
export const RequestCounts = z.strictObject({
  model: z.string(),
  at: z.iso.datetime({ offset: true }),
  /** From when on `totals` count. */
  since: z.iso.datetime({ offset: true }),
  /** How often a counter fell since then: what it had counted after the reading before is lost. */
  restarts: Count,
  /** As read, of each instance that was ever seen lately. */
  counters: z.array(z.strictObject({ instance: z.string(), requests: Count, errors: Count, at: z.iso.datetime({ offset: true }) })),
  totals: z.array(ArmRequests.extend({ at: z.iso.datetime({ offset: true }) })),
});
export type RequestCounts = z.infer<typeof RequestCounts>;

/** What was asked between two readings. */
export const WindowRequests = z.strictObject({
  from: z.iso.datetime({ offset: true }),
  to: z.iso.datetime({ offset: true }),
  restarts: Count,
  arms: z.array(ArmRequests),
});
export type WindowRequests = z.infer<typeof WindowRequests>;

/** One reading in so long is kept. */
export const COUNTED_EVERY_MS = 10 * 60_000;

export const requestCountsPrefix = (model: string): string => `requests/${model}/`;

/** Names sort by time; one a stretch of `COUNTED_EVERY_MS`, so whoever counts at the same time counts once. */
export function requestCountsKey(model: string, atMs: number): string {
  const begin = new Date(Math.floor(atMs / COUNTED_EVERY_MS) * COUNTED_EVERY_MS).toISOString();
  return `${requestCountsPrefix(model)}${windowStamp(begin)}.json`;
}
