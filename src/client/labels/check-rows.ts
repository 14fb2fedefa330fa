import type { z } from 'zod';
import { LabelRow } from '../../domain/label-row.js';
import type { RawRow } from './raw-rows.js';

/** A row that is no label, in one sentence: where, which field, what was expected, what was found. */
export interface BadRow {
  readonly line: number;
  readonly message: string;
}

export interface CheckedRows {
  readonly labels: readonly LabelRow[];
  readonly bad: readonly BadRow[];
}

/** A clock that goes before ours by less than this is no mistake. */
const SKEW_MS_MAX = 3_600_000;

/** @param name how the file is called. @param nowMs a label cannot have been observed later, but for the clocks */
export function checkRows(rows: readonly RawRow[], { name, nowMs }: { name: string; nowMs: number }): CheckedRows {
  const labels: LabelRow[] = [];
  const bad: BadRow[] = [];
  for (const { line, value, fault } of rows) {
    const refuse = (words: string): void => void bad.push({ line, message: `${name}:${line}: ${words}` });
    if (fault !== undefined) {
      refuse(fault);
      continue;
    }
    const parsed = LabelRow.safeParse(value);
    if (!parsed.success) refuse(faultOf(parsed.error.issues[0]!, value));
    else if (parsed.data.observedAt !== null && Date.parse(parsed.data.observedAt) > nowMs + SKEW_MS_MAX)
      refuse(`field observedAt: expected a time that has passed, found ${parsed.data.observedAt}`);
    else labels.push(parsed.data);
  }
  return { labels, bad };
}

const TYPES: Readonly<Record<string, string>> = { string: 'a text', number: 'a number', int: 'a whole number', object: 'an object' };

function faultOf(issue: z.core.$ZodIssue, row: unknown): string {
  if (issue.code === 'unrecognized_keys')
    return `field ${issue.keys[0]}: expected one of ${Object.keys(LabelRow.shape).join(', ')}, found another name`;
  const found = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], row);
  const where = issue.path.length === 0 ? 'the row' : `field ${issue.path.join('.')}`;
  return `${where}: ${expectedOf(issue)}, found ${found === undefined ? 'nothing' : (JSON.stringify(found) ?? 'nothing').slice(0, 80)}`;
}

function expectedOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `expected ${TYPES[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `expected one of ${issue.values.join(', ')}`;
  if (issue.code === 'too_small') return `expected ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
  if (issue.code === 'too_big') return `expected at most ${issue.maximum}`;
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? 'expected another name';
  return issue.message.startsWith('expected') ? issue.message : `expected something else (${issue.message})`;
}
