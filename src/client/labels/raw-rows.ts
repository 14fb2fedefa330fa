import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { RatchetError } from '../../domain/failure.js';
import { findJsonFault } from '../../domain/json-fault.js';
import type { LabelFormat } from '../../domain/label-receipt.js';

/** A row as it stands in a file, not yet checked; `fault`: it could not even be read. */
export interface RawRow {
  /** A line of the text, or a row of the Parquet file; from 1. */
  readonly line: number;
  readonly value?: unknown;
  readonly fault?: string;
}

/** Where one file is too much for one piece of memory. */
const BYTES_MAX = 256 * 2 ** 20;

/** @param name how errors call the file. @throws {RatchetError} InputInvalid: it is of another format, or too large */
export async function readRawRows(content: Uint8Array, format: LabelFormat, name: string): Promise<RawRow[]> {
  if (content.length > BYTES_MAX)
    throw new RatchetError('InputInvalid', `${name}: expected at most ${BYTES_MAX} bytes, found ${content.length}`, {
      remedy: 'divide it: the files may come in any order',
    });
  if (format === 'parquet') return readParquet(content, name);
  const text = readText(content, name);
  return format === 'csv' ? readCsv(text, name) : readJsonLines(text);
}

function readText(content: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new RatchetError('InputInvalid', `${name}: expected text in UTF-8, found other bytes`, {
      remedy: 'name its format with --format, or write it as UTF-8',
    });
  }
}

function readJsonLines(text: string): RawRow[] {
  return text.split('\n').flatMap((line, index): RawRow[] => {
    if (line.trim() === '') return [];
    try {
      return [{ line: index + 1, value: JSON.parse(line) as unknown }];
    } catch {
      return [{ line: index + 1, fault: `expected a JSON object, found ${findJsonFault(line) ?? 'something else'}` }];
    }
  });
}

interface CsvRecord {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

function readCsv(text: string, name: string): RawRow[] {
  const rows: RawRow[] = [];
  const options = { columns: true, bom: true, skip_empty_lines: true, info: true, relax_column_count: true, trim: true } as const;
  try {
    for (const { record, info } of parse(text, options) as unknown as CsvRecord[])
      rows.push({ line: info.lines, value: fromCells(record) });
  } catch (error) {
    throw new RatchetError('InputInvalid', `${name}: expected CSV with a header line, found ${(error as Error).message}`, {
      remedy: 'write the columns id, value and, where you have them, row, observedAt, censored, policy, propensity, values.<name>',
      cause: error,
    });
  }
  return rows;
}

const NUMBERS = new Set(['row', 'value', 'propensity']);

/** An empty cell is absent; what should be a number or a flag is one where it looks like one, else the check says so. */
function fromCells(cells: Readonly<Record<string, string>>): unknown {
  return nest(
    Object.entries(cells).map(([column, cell]): [string, unknown] => {
      if (cell === '') return [column, null];
      const isNumber = NUMBERS.has(column) || column.startsWith('values.');
      if ((column === 'censored' || column === 'value') && /^(?:true|false)$/i.test(cell)) return [column, cell.toLowerCase() === 'true'];
      if ((isNumber || column === 'censored') && Number.isFinite(Number(cell))) return [column, Number(cell)];
      return [column, cell];
    }),
  );
}

async function readParquet(content: Uint8Array, name: string): Promise<RawRow[]> {
  const file = content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength) as ArrayBuffer;
  try {
    const rows = await parquetReadObjects({ file, compressors });
    return rows.map((row, index) => ({ line: index + 1, value: nest(Object.entries(row).map(([column, cell]) => [column, plain(cell)])) }));
  } catch (error) {
    throw new RatchetError('InputInvalid', `${name}: expected a Parquet file, found ${(error as Error).message}`, { cause: error });
  }
}

function plain(cell: unknown): unknown {
  if (typeof cell === 'bigint') return Number(cell);
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell === 'number' && Number.isNaN(cell)) return null; // pandas writes what is missing as NaN
  if (typeof cell === 'object' && cell !== null && !Array.isArray(cell))
    return Object.fromEntries(Object.entries(cell).map(([key, value]) => [key, plain(value)]));
  return cell;
}

/** Columns `values.<name>` are what JSON writes as an object; what is null is absent. */
function nest(columns: readonly (readonly [string, unknown])[]): unknown {
  const row: Record<string, unknown> = {};
  const values: Record<string, unknown> = {};
  for (const [column, cell] of columns) {
    if (cell === null || cell === undefined) continue;
    if (column.startsWith('values.')) values[column.slice('values.'.length)] = cell;
    else row[column] = cell;
  }
  return Object.keys(values).length > 0 ? { ...row, values: { ...(row['values'] as object | undefined), ...values } } : row;
}
