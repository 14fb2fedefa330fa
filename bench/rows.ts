/** A figure of the documentation beside what this run found. */
export interface Row {
  readonly what: string;
  readonly documented: string;
  readonly found: string;
}

/** @param found the heading of the last column */
export function tellRows(rows: readonly Row[], found: string): void {
  const table: Row[] = [{ what: 'what', documented: 'documented', found }, ...rows];
  const width = (key: keyof Row): number => Math.max(...table.map((row) => row[key].length));
  for (const row of table) console.log(`${row.what.padEnd(width('what'))}  ${row.documented.padEnd(width('documented'))}  ${row.found}`);
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
