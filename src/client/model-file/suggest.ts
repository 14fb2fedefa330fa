/** Seconds, bytes or shares in one unit, by the suffix that names it. */
const UNITS: readonly {
  readonly suffix: string;
  readonly kind: 'time' | 'size' | 'share';
  readonly size: number;
  readonly written: readonly string[];
}[] = [
  { suffix: 'Ms', kind: 'time', size: 0.001, written: ['ms'] },
  { suffix: 'Seconds', kind: 'time', size: 1, written: ['s', 'sec', 'second', 'seconds'] },
  { suffix: 'Minutes', kind: 'time', size: 60, written: ['m', 'min', 'minute', 'minutes'] },
  { suffix: 'Hours', kind: 'time', size: 3600, written: ['h', 'hour', 'hours'] },
  { suffix: 'Days', kind: 'time', size: 86_400, written: ['d', 'day', 'days'] },
  { suffix: 'KiB', kind: 'size', size: 2 ** 10, written: ['k', 'ki', 'kib', 'kb'] },
  { suffix: 'MiB', kind: 'size', size: 2 ** 20, written: ['mi', 'mib', 'mb'] },
  { suffix: 'GiB', kind: 'size', size: 2 ** 30, written: ['g', 'gi', 'gib', 'gb'] },
  { suffix: 'Percent', kind: 'share', size: 0.01, written: ['%', 'percent'] },
  { suffix: '', kind: 'share', size: 1, written: [] },
];

type Unit = (typeof UNITS)[number];

/** The name of the list that is nearest to a misspelt one; null where none is near. */
export function nearest(word: string, names: readonly string[]): string | null {
  const ranked = names
    .map((name) => ({ name, distance: editDistance(word.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.name : null;
}

export interface Suggestion {
  /** The key that was meant. */
  readonly key: string;
  readonly remedy: string;
}

/** What to write instead of an unknown key: the key with the right unit (and the converted value), or the nearest name. */
export function suggestKey(key: string, value: unknown, names: readonly string[]): Suggestion | null {
  const unit = unitOf(key);
  const stem = key.slice(0, key.length - unit.suffix.length);
  const sameStem = names.find((name) => stemOf(name) === stem || (unit.suffix === '' && stemOf(name).toLowerCase() === key.toLowerCase()));
  if (sameStem !== undefined && sameStem !== key) {
    const converted = typeof value === 'number' ? convert(value, unit, unitOf(sameStem)) : valueInUnit(value, sameStem);
    return { key: sameStem, remedy: converted === null ? `write ${sameStem}` : `write ${sameStem}: ${converted}` };
  }
  const near = nearest(key, names);
  return near === null ? null : { key: near, remedy: `did you mean ${near}?` };
}

/** `"10m"` under a key in seconds is 600; null where the text holds no such amount. */
export function valueInUnit(value: unknown, key: string): number | null {
  const match = typeof value === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z%]*)\s*$/.exec(value) : null;
  if (match === null) return null;
  const amount = Number(match[1]);
  const written = match[2]!.toLowerCase();
  if (written === '') return amount;
  const target = unitOf(key);
  const source = UNITS.find((unit) => unit.written.includes(written) && unit.kind === target.kind);
  return source === undefined ? null : convert(amount, source, target);
}

function convert(amount: number, from: Unit, to: Unit): number | null {
  if (from.kind !== to.kind) return null;
  return Number(((amount * from.size) / to.size).toPrecision(6));
}

/** The unit that a key names: `timeLimitSeconds`, `memoryMiBMax`. */
function unitOf(key: string): Unit {
  const bare = key.replace(/(?:Max|Min)$/, '');
  return UNITS.find((unit) => unit.suffix !== '' && bare.endsWith(unit.suffix)) ?? UNITS.at(-1)!;
}

function stemOf(key: string): string {
  const bare = key.replace(/(?:Max|Min)$/, '');
  return bare.slice(0, bare.length - unitOf(bare).suffix.length);
}

/** Levenshtein's distance: the least number of letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
