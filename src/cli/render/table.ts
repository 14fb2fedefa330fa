import { oneLine } from './visible.js';

/** Columns as wide as their widest cell; null and undefined show as a dash. */
export function table(head: readonly string[], rows: readonly (readonly (string | number | null | undefined)[])[]): string[] {
  const cells = [
    head,
    ...rows.map((row) => row.map((cell) => (cell === null || cell === undefined || cell === '' ? '-' : oneLine(String(cell))))),
  ];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells.map((row) =>
    row
      .map((cell, column) => (column === head.length - 1 ? cell : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** `name  value` lines with aligned values. */
export function facts(pairs: readonly (readonly [string, string | number | null | undefined])[]): string[] {
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  return pairs.map(
    ([name, value]) => `${name.padEnd(width)}  ${value === null || value === undefined || value === '' ? '-' : oneLine(String(value))}`,
  );
}
