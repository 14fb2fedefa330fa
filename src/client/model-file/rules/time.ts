import type { Finding, Path } from '../problem.js';
import { nearest } from '../suggest.js';
import type { Rule } from './rule.js';

const FIELDS = [
  { name: 'a minute', low: 0, high: 59, names: [] },
  { name: 'an hour', low: 0, high: 23, names: [] },
  { name: 'a day of month', low: 1, high: 31, names: [] },
  { name: 'a month', low: 1, high: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { name: 'a day of week', low: 0, high: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
] as const;

const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export const checkTimes: Rule = ({ data, triggers }) => [
  ...(data === null ? [] : checkZone(data.timeZone, ['spec', 'data', 'timeZone'])),
  ...(triggers?.schedules ?? []).flatMap(({ cron, timeZone }, index) => [
    ...checkCron(cron, ['spec', 'triggers', 'schedules', index, 'cron']),
    ...checkZone(timeZone, ['spec', 'triggers', 'schedules', index, 'timeZone']),
  ]),
];

/** Why five cron fields can never fire as meant; null: they can. */
export function cronMistake(cron: string): { expected: string; found: string } | null {
  const parts = cron.trim().split(/\s+/);
  for (const [index, field] of FIELDS.entries()) {
    const part = parts[index] ?? '';
    if (!part.split(',').every((item) => isCronItem(item, field))) {
      const names = field.names.length > 0 ? ` or ${field.names[0]}–${field.names.at(-1)}` : '';
      return { expected: `${field.name} from ${field.low} to ${field.high}${names}, *, a-b, a,b or */n`, found: `"${part}"` };
    }
  }
  const [, , day, month, weekday] = parts as [string, string, string, string, string];
  const days = /^\d+$/.test(day) ? Number(day) : 0;
  const months = month.split(',').map((name) => numberOf(name, FIELDS[3]));
  if (weekday === '*' && months.every((number) => days > (DAYS_IN_MONTH[number - 1] ?? 31))) {
    return { expected: 'a day that the month has', found: `day ${day} of month ${month}` };
  }
  return null;
}

function checkCron(cron: string, path: Path): Finding[] {
  const mistake = cronMistake(cron);
  return mistake === null
    ? []
    : [
        {
          path,
          severity: 'error',
          ...mistake,
          remedy: 'the five fields are minute, hour, day of month, month, day of week: "0 6 * * 1" is Mondays at six',
        },
      ];
}

function isCronItem(item: string, field: (typeof FIELDS)[number]): boolean {
  const match = /^(\*|[A-Za-z0-9]+)(?:-([A-Za-z0-9]+))?(?:\/(\d+))?$/.exec(item);
  if (match === null) return false;
  const [, from, to, step] = match as unknown as [string, string, string | undefined, string | undefined];
  if (step !== undefined && Number(step) < 1) return false;
  if (from === '*') return to === undefined;
  const low = numberOf(from, field);
  const high = to === undefined ? low : numberOf(to, field);
  return low >= field.low && high <= field.high && low <= high;
}

function numberOf(name: string, field: (typeof FIELDS)[number]): number {
  if (/^\d+$/.test(name)) return Number(name);
  const index = (field.names as readonly string[]).indexOf(name.toLowerCase());
  return index < 0 ? NaN : index + (field.name === 'a month' ? 1 : 0);
}

function checkZone(zone: string, path: Path): Finding[] {
  if (isZone(zone)) return [];
  const zones = Intl.supportedValuesOf('timeZone');
  const near = nearest(zone, zones) ?? zones.find((name) => name.toLowerCase().endsWith(`/${zone.toLowerCase().replaceAll(' ', '_')}`));
  return [
    {
      path,
      severity: 'error',
      expected: 'an IANA time zone, like America/New_York',
      found: `"${zone}"`,
      remedy: near === undefined ? '' : `did you mean ${near}?`,
    },
  ];
}

/** Names only: a fixed offset like +01:00 knows no summer time, and not every machine accepts it. */
function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
