import type { QuietHours } from '../trigger-policy.js';
import { localToUtc, offsetMs } from './local-time.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Further than this nobody looks: hours that are quiet for longer are quiet for ever. */
const HORIZON_MS = 8 * DAY_MS;

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

export interface Quiet {
  /** Infinity: it never ends. */
  readonly untilMs: number;
  /** The rule that holds now. */
  readonly hours: QuietHours;
}

/** Whether it is quiet now, and until when, rules that follow one another counted together; null: it is not. Pure. */
export function quietUntil(rules: readonly QuietHours[], nowMs: number): Quiet | null {
  let untilMs = nowMs;
  let hours: QuietHours | null = null;
  for (let end = endOf(rules, untilMs); end !== null; end = endOf(rules, untilMs)) {
    hours ??= end.hours;
    untilMs = Math.max(end.untilMs, untilMs + MINUTE_MS);
    if (untilMs - nowMs > HORIZON_MS) return { untilMs: Infinity, hours };
  }
  return hours === null ? null : { untilMs, hours };
}

export function quietInWords({ from, to, timeZone }: QuietHours): string {
  return `quiet hours, ${from} to ${to} (${timeZone})`;
}

/** The end of the first rule that covers an instant. */
function endOf(rules: readonly QuietHours[], atMs: number): Quiet | null {
  for (const hours of rules) {
    const localMs = atMs + offsetMs(atMs, hours.timeZone);
    const midnightMs = Math.floor(localMs / DAY_MS) * DAY_MS;
    const from = clockMs(hours.from);
    const length = (clockMs(hours.to) - from + DAY_MS) % DAY_MS || DAY_MS;
    for (const dayMs of [midnightMs, midnightMs - DAY_MS]) {
      const startMs = dayMs + from;
      const begins = hours.days.includes(WEEKDAYS[new Date(dayMs).getUTCDay()]!);
      if (begins && localMs >= startMs && localMs < startMs + length) {
        return { untilMs: localToUtc(startMs + length, hours.timeZone), hours };
      }
    }
  }
  return null;
}

function clockMs(clock: string): number {
  const [hours, minutes] = clock.split(':').map(Number) as [number, number];
  return (hours * 60 + minutes) * MINUTE_MS;
}
