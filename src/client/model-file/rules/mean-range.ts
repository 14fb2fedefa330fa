import type { Finding, Path } from '../problem.js';

/** Of a metric whose `min` is not below its `max`. */
export function emptyRange(path: Path, min: number, max: number): Finding {
  const remedy = 'write the bounds of the value';
  return { path: [...path, 'min'], severity: 'error', expected: `less than max (${max})`, found: String(min), remedy };
}

/** Of a difference of means that the bounds of the value do not allow. */
export function beyondRange(path: Path, difference: number, range: number): Finding {
  const remedy = 'no two means differ by so much: write a difference in the value’s own units';
  return { path, severity: 'error', expected: `less than max − min (${round(range)})`, found: String(difference), remedy };
}

/** As people write numbers: no digits of the computer's own. */
export function round(value: number): number {
  return Number(value.toPrecision(6));
}
