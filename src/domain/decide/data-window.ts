import type { DataSpec } from '../data-spec.js';
import type { TimeRange } from '../dataset.js';
import { localToUtc, offsetMs } from './local-time.js';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export interface DataWindow {
  /** Half-open, UTC. */
  readonly window: TimeRange;
  /** First instant of the holdout. */
  readonly holdoutStart: string;
}

/**
 * Which rows a cycle sees: whole local days up to `asOf`, the end of the data window that the lifecycle fixed, so that asking twice
 * on one day gives the same snapshot and no block is half a day.
 *
 * @param asOf ISO 8601 with offset.
 */
export function dataWindow(data: Pick<DataSpec, 'timeZone' | 'window'>, asOf: string): DataWindow {
  const endMs = startOfLocalDay(Date.parse(asOf), data.timeZone);
  const holdoutStartMs = localDaysBefore(endMs, data.window.holdoutDays, data.timeZone);
  const startMs =
    data.window.start !== undefined ? Date.parse(data.window.start) : localDaysBefore(endMs, data.window.days ?? 0, data.timeZone);
  return {
    window: { start: iso(startMs), end: iso(endMs) },
    holdoutStart: iso(holdoutStartMs),
  };
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** The instant at which a day (`2013-07-01`) begins in a zone, written with the zone's offset so that people read that day. */
export function startOfDay(day: string, timeZone: string): string {
  const timeMs = localToUtc(Date.parse(`${day}T00:00:00Z`), timeZone);
  return withOffset(timeMs, offsetMs(timeMs, timeZone) / MINUTE_MS);
}

/** An instant in the offset in which another time (`2013-07-01T00:00:00-04:00`) is written; no such time: in UTC. */
export function inOffsetOf(other: string | undefined, timeMs: number): string {
  const [, sign, hours, minutes] = /([+-])(\d{2}):(\d{2})$/.exec(other ?? '') ?? [];
  return withOffset(timeMs, Number(`${sign ?? ''}1`) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)));
}

function withOffset(timeMs: number, minutes: number): string {
  if (minutes === 0 || !Number.isInteger(minutes)) return iso(timeMs); // Before zones were agreed on, clocks differed by seconds.
  const clock = new Date(Math.abs(minutes) * MINUTE_MS).toISOString().slice(11, 16);
  return iso(timeMs + minutes * MINUTE_MS).replace('Z', `${minutes < 0 ? '-' : '+'}${clock}`);
}

function startOfLocalDay(timeMs: number, timeZone: string): number {
  const local = timeMs + offsetMs(timeMs, timeZone);
  return localToUtc(Math.floor(local / DAY_MS) * DAY_MS, timeZone);
}

function localDaysBefore(timeMs: number, days: number, timeZone: string): number {
  const local = timeMs + offsetMs(timeMs, timeZone);
  return localToUtc((Math.floor(local / DAY_MS) - days) * DAY_MS, timeZone); // of a day that begins at 01:00, too
}
