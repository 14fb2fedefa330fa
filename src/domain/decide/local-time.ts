/** Making one is slow. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** The instant at which the zone's clocks show this local time; where they skip it, the instant after the gap. */
export function localToUtc(localMs: number, timeZone: string): number {
  const guess = localMs - offsetMs(localMs, timeZone);
  const found = localMs - offsetMs(guess, timeZone);
  return found + offsetMs(found, timeZone) === localMs ? found : Math.max(guess, found);
}

/** Local time less UTC. */
export function offsetMs(timeMs: number, timeZone: string): number {
  const parts = formatOf(timeZone).formatToParts(timeMs);
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((p) => p.type === type)?.value ?? 0);
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return local - Math.floor(timeMs / 1000) * 1000;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(timeZone, format);
  return format;
}
