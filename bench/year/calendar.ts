import { startOfDay } from '../../src/domain/decide/data-window.js';

export const ZONE = 'America/New_York';
const DAY_MS = 86_400_000;
const LABELS_AT_HOUR = 5;
const WATCHED_AT_HOUR = 6;

/** Serving begins with the first champion, and ends with the data. */
export const SERVED = { start: midnight('2013-04-01'), end: midnight('2014-01-01') } as const;

/** Midnight of a day in New York, as ISO 8601 in UTC. */
export function midnight(day: string): string {
  return new Date(Date.parse(startOfDay(day, ZONE))).toISOString();
}

/** The first instants of the months in which blind policies retrain. */
export const BLIND_RETRAINS = ['05', '06', '07', '08', '09', '10', '11', '12'].map((month) => midnight(`2013-${month}-01`));

/** When monitoring runs: Mondays at six, as the schedule of watched.yaml says. */
export const MONDAYS = daysBetween('2013-04-08', '2013-12-30', 7).map((day) => atHour(day, WATCHED_AT_HOUR));

/** When labels are brought: every morning at five, what became known since the morning before. */
export const LABEL_HOURS = daysBetween('2013-04-02', '2013-12-31', 1).map((day) => atHour(day, LABELS_AT_HOUR));

export type Fault = 'miscalibrated' | 'refusesNull' | 'leaking';

/** In these months whatever retrains, retrains with a fault. Chosen before anything was measured: every other month, from the second on. */
export const PLANTED: Readonly<Record<string, Fault>> = { '2013-05': 'miscalibrated', '2013-07': 'refusesNull', '2013-09': 'leaking' };

/** `2013-05` of an instant, in New York. */
export function monthOf(time: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: ZONE, year: 'numeric', month: '2-digit' }).formatToParts(new Date(time));
  const part = (type: string): string => parts.find((found) => found.type === type)!.value;
  return `${part('year')}-${part('month')}`;
}

function daysBetween(first: string, last: string, step: number): string[] {
  const days: string[] = [];
  for (let at = Date.parse(`${first}T12:00:00Z`); at <= Date.parse(`${last}T12:00:00Z`); at += step * DAY_MS)
    days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

function atHour(day: string, hour: number): string {
  return new Date(Date.parse(midnight(day)) + hour * 3_600_000).toISOString();
}
