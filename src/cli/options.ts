import { userInfo } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';
import { ModelName } from '../domain/model-spec.js';

/** Who asks: a claim that goes into the ledger. */
export function asOption(what = 'who asks, for the record (default: your user name)'): Option {
  return new Option('--as <name>', what).argParser(parseLine);
}

export function reasonOption(): Option {
  return new Option('--reason <text>', 'why, for the record').argParser(parseText);
}

/** Must be named, and once: of two files one would be left out unsaid. */
export function fileOption(what = 'the model file'): Option {
  return new Option('-f, --file <file>', what).argParser(parseOneFile).makeOptionMandatory();
}

function parseOneFile(file: string, before: string | undefined): string {
  if (before === undefined) return file;
  throw new InvalidArgumentError(`expected one file, found two: ${before} and ${file}. Run it once for each.`);
}

/** As long as a trigger's key may be. */
const LINE_LENGTH_MAX = 200;
/** As long as the reason of a trigger and the comment of a vote may be. */
const TEXT_LENGTH_MAX = 2000;

/** A name or a key. */
export function parseLine(text: string): string {
  if (text.trim() !== '' && text.length <= LINE_LENGTH_MAX && !/\p{Cc}/u.test(text)) return text;
  throw new InvalidArgumentError(`expected one line of 1 to ${LINE_LENGTH_MAX} characters, found ${foundWords(text)}.`);
}

export function parseText(text: string): string {
  if (text.length <= TEXT_LENGTH_MAX) return text;
  throw new InvalidArgumentError(`expected at most ${TEXT_LENGTH_MAX} characters, found ${foundWords(text)}.`);
}

function foundWords(text: string): string {
  return text.length > LINE_LENGTH_MAX ? `${text.length} characters` : JSON.stringify(text);
}

export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown'; // a user number without an entry, in a container
  }
}

/** @throws {InvalidArgumentError} not a name that a model can have */
export function parseModelName(text: string): string {
  const parsed = ModelName.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(`${parsed.error.issues[0]?.message ?? 'not a model name'}, found "${text}".`);
}

export function parsePositiveInteger(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(`expected a whole number above 0, found "${text}".`);
}

/** @returns in lower case: it is part of a key */
export function parseCommit(text: string): string {
  if (/^[0-9a-f]{7,64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError(`expected a commit: 7 to 64 hex digits, found "${text}".`);
}

export function parsePort(text: string): number {
  const port = parsePositiveInteger(text);
  if (port <= 65_535) return port;
  throw new InvalidArgumentError(`expected a port from 1 to 65535, found "${text}".`);
}

/**
 * A day (its beginning in UTC) or a time with its zone.
 * @returns ISO 8601 with milliseconds, UTC
 */
export function parseTime(text: string): string {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  const time = (isDay || isTime) && isRealDay(text.slice(0, 10)) ? new Date(text) : new Date(Number.NaN);
  if (Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError(`expected a day (2013-07-01) or a time with its zone (2013-07-01T06:00:00Z), found "${text}".`);
  }
  if (time.getTime() < 0) throw new InvalidArgumentError(`expected a day or a time since 1970, found "${text}".`);
  return isDay ? text : time.toISOString();
}

/** JavaScript takes the 30th of February for the 2nd of March. */
function isRealDay(day: string): boolean {
  const time = new Date(day);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(day);
}

export function parseDigest(text: string): string {
  const digest = /^[0-9a-f]{64}$/.test(text) ? `sha256:${text}` : text;
  if (/^sha256:[0-9a-f]{64}$/.test(digest)) return digest;
  throw new InvalidArgumentError(`expected sha256:<64 hex digits>, found "${text}".`);
}

const DURATION_DAYS_MAX = 366;

/** `90d`, `2h`, `30m`, `45s`. @returns seconds */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text) ?? [];
  const factor = { s: 1, m: 60, h: 3600, d: 86_400 }[unit as 's' | 'm' | 'h' | 'd'];
  if (amount === undefined || factor === undefined || Number(amount) === 0)
    throw new InvalidArgumentError(`expected a duration such as 45s, 30m, 2h or 90d, found "${text}".`);
  const seconds = Number(amount) * factor;
  if (seconds <= DURATION_DAYS_MAX * 86_400) return seconds;
  throw new InvalidArgumentError(`expected a duration of at most ${DURATION_DAYS_MAX}d, found "${text}".`);
}

/** `6h` or `2d`. @returns whole hours */
export function parseHours(text: string): number {
  const [, amount, unit] = /^(\d+)(h|d)$/.exec(text) ?? [];
  const hours = Number(amount) * (unit === 'd' ? 24 : 1);
  if (Number.isSafeInteger(hours) && hours >= 1 && hours <= 24 * 31) return hours;
  throw new InvalidArgumentError(`expected whole hours or days such as 6h or 2d, at most 31d, found "${text}".`);
}
