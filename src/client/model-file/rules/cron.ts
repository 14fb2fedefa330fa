const DAY_MS = 86_400_000;

const FIELDS = [
  { name: 'a minute', low: 0, high: 59, names: [] },
  { name: 'an hour', low: 0, high: 23, names: [] },
  { name: 'a day of month', low: 1, high: 31, names: [] },
  { name: 'a month', low: 1, high: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { name: 'a day of week', low: 0, high: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
] as const;

const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Why five cron fields can never fire as meant; null: they can. */
export function cronMistake(cron: string): { expected: string; found: string } | null {
  const parts = cron.trim().split(/\s+/);
  for (const [index, field] of FIELDS.entries()) {
    const part = parts[index] ?? '';
    if (!part.split(',').every((item) => readItem(item, field) !== null)) {
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

/**
 * The fewest days between two moments at which any of the schedules fires; 0: several times a day; Infinity: hardly ever.
 * All five fields must fit, the day of month and the day of week too: so Temporal reads them, unlike cron.
 */
export function daysBetweenFirings(crons: readonly string[]): number {
  const readable = crons.filter((cron) => cronMistake(cron) === null).map((cron) => cron.trim().split(/\s+/));
  const days = readable.flatMap((parts) => {
    const [minutes, hours, ...dates] = FIELDS.map((field, index) => valuesOf(parts[index]!, field));
    const firings = Math.min(minutes!.size * hours!.size, 2); // a second one on the day is all that is of interest
    return calendarDays().flatMap((day) => (isFiringDay(day, dates) ? Array<number>(firings).fill(day) : []));
  });
  days.sort((a, b) => a - b);
  return Math.min(...days.slice(1).map((day, index) => day - days[index]!));
}

type Field = (typeof FIELDS)[number];
type Values = ReadonlySet<number>;

/** Four years with their leap day, as days since 1970: every month and weekday comes together in some year or other. */
function calendarDays(): number[] {
  const first = Date.UTC(2023, 0, 1) / DAY_MS;
  return Array.from({ length: 4 * 365 + 1 }, (_, index) => first + index);
}

function isFiringDay(day: number, [daysOfMonth, months, weekdays]: Values[]): boolean {
  const date = new Date(day * DAY_MS);
  return daysOfMonth!.has(date.getUTCDate()) && months!.has(date.getUTCMonth() + 1) && weekdays!.has(date.getUTCDay());
}

function valuesOf(part: string, field: Field): Values {
  const values = part.split(',').flatMap((item) => {
    const { low, high, step } = readItem(item, field)!;
    return Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, index) => low + index * step);
  });
  return new Set(field.name === 'a day of week' ? values.map((day) => day % 7) : values); // 7 is Sunday too
}

/** One of the values between commas; null: it can never fit. */
function readItem(item: string, field: Field): { low: number; high: number; step: number } | null {
  const match = /^(\*|[A-Za-z0-9]+)(?:-([A-Za-z0-9]+))?(?:\/(\d+))?$/.exec(item);
  if (match === null) return null;
  const [, from, to, stepText] = match as unknown as [string, string, string | undefined, string | undefined];
  const step = stepText === undefined ? 1 : Number(stepText);
  if (step < 1) return null;
  if (from === '*') return to === undefined ? { low: field.low, high: field.high, step } : null;
  const low = numberOf(from, field);
  const high = to !== undefined ? numberOf(to, field) : stepText !== undefined ? field.high : low; // 5/15 is from 5 on
  return low >= field.low && high <= field.high && low <= high ? { low, high, step } : null;
}

function numberOf(name: string, field: Field): number {
  if (/^\d+$/.test(name)) return Number(name);
  const index = (field.names as readonly string[]).indexOf(name.toLowerCase());
  return index < 0 ? NaN : index + (field.name === 'a month' ? 1 : 0);
}
