import type { z } from 'zod';
import { pathText, valueWords, type Finding, type Path } from './problem.js';
import { nearestOption, schemaAt, type SchemaNode } from './schema-tree.js';
import { nearest, suggestKey, valueInUnit } from './suggest.js';

type Issue = z.core.$ZodIssue;

const TYPE_WORDS: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** Turns what the schema says about a document into sentences for the one who wrote it. */
export function explainIssue(issue: Issue, root: unknown, schema: SchemaNode): Finding[] {
  const path = issue.path as Path;
  const value = valueAt(root, path);
  const base = { path, severity: 'error' as const, found: valueWords(value) };
  const description = schemaAt(schema, path, root)?.description ?? '';
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => explainKey([...path, key], root, schema));
    case 'invalid_union':
      return explainUnion(issue, root, schema);
    case 'invalid_key':
      return [
        {
          ...base,
          atKey: true,
          ...worded(issue.issues[0]?.message ?? ''),
          found: valueWords(path.at(-1)),
          remedy: ownRemedy(issue.issues[0]) ?? 'rename the key',
        },
      ];
    case 'invalid_type': {
      const expected = TYPE_WORDS[issue.expected] ?? issue.expected;
      if (value === undefined) {
        return [{ ...base, expected: `${pathText(path)} (${expected})`, message: `missing: expected ${expected}`, remedy: description }];
      }
      return [{ ...base, expected, remedy: typeRemedy(path, value, issue.expected) || description }];
    }
    case 'invalid_value': {
      const names = issue.values.map(String);
      const near = typeof value === 'string' ? nearest(value, names) : null;
      const one = names.length === 1 ? valueWords(issue.values[0]) : `one of ${names.join(', ')}`;
      const missing = value === undefined ? { message: `missing: expected ${one}` } : {};
      const isOurs = typeof value === 'string' && issue.message.startsWith(`${value}: `);
      const own = isOurs ? issue.message.slice(`${value}: `.length) : description;
      return [{ ...base, ...missing, expected: one, remedy: near !== null && near !== value ? `did you mean ${near}?` : own }];
    }
    case 'too_small':
    case 'too_big':
      return [{ ...base, expected: rangeWords(issue, schemaAt(schema, path, root)), remedy: percentRemedy(issue, value) ?? description }];
    case 'invalid_format': {
      if (issue.format === 'datetime') {
        return [{ ...base, expected: 'a time with its offset, like "2013-01-01T00:00:00-05:00"', remedy: description }];
      }
      return [{ ...base, ...worded(issue.message), remedy: description }];
    }
    default:
      return [{ ...base, ...worded(issue.message), remedy: ownRemedy(issue) ?? description }];
  }
}

/** Our own messages say `expected …`; one of zod's is told as it is. */
function worded(message: string): Pick<Finding, 'expected' | 'message'> {
  return message.startsWith('expected ') ? { expected: message.slice('expected '.length) } : { expected: 'something else', message };
}

/** What a rule of the schema says is to be done. */
function ownRemedy(issue: Issue | undefined): string | null {
  const remedy: unknown = issue?.code === 'custom' ? issue.params?.['remedy'] : undefined;
  return typeof remedy === 'string' ? remedy : null;
}

function explainKey(path: Path, root: unknown, schema: SchemaNode): Finding {
  const key = String(path.at(-1));
  const parent = schemaAt(schema, path.slice(0, -1), root);
  const names = Object.keys(parent?.properties ?? {});
  const known = `one of ${names.join(', ')}`;
  const suggestion = suggestKey(key, valueAt(root, path), names);
  const remedy = suggestion?.remedy ?? elsewhere(key, schema) ?? `expected ${known}`;
  const meant = suggestion === null ? {} : { meant: suggestion.key };
  return { path, atKey: true, severity: 'error', message: 'unknown key', expected: known, found: key, remedy, ...meant };
}

/** A key that exists, but in another place. */
function elsewhere(key: string, schema: SchemaNode, at: Path = []): string | null {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const path = [...at, name];
    if (name === key) return `it belongs to ${pathText(at) || 'the top'}: ${pathText(path)}`;
    const found = elsewhere(key, child, path);
    if (found !== null) return found;
  }
  return null;
}

function explainUnion(issue: z.core.$ZodIssueInvalidUnion, root: unknown, schema: SchemaNode): Finding[] {
  const path = issue.path as Path;
  const value = valueAt(root, path);
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : null;
  if (options !== null) {
    const near = typeof value === 'string' ? nearest(value, options) : null;
    const missing = value === undefined ? { message: `missing: expected one of ${options.join(', ')}` } : {};
    const remedy = near === null ? '' : `did you mean ${near}?`;
    return [{ path, severity: 'error', ...missing, expected: `one of ${options.join(', ')}`, found: valueWords(value), remedy }];
  }
  const alternatives = alternativesAt(schema, path, root);
  if (alternatives.length === issue.errors.length && typeof value === 'object' && value !== null) {
    const branch = issue.errors[nearestOption(alternatives, value)] ?? [];
    return branch.flatMap((inner) => explainIssue({ ...inner, path: [...issue.path, ...inner.path] } as Issue, root, schema));
  }
  return [{ path, severity: 'error', expected: alternativeWords(alternatives), found: valueWords(value), remedy: '' }];
}

function alternativesAt(schema: SchemaNode, path: Path, root: unknown): readonly SchemaNode[] {
  const parent = schemaAt(schema, path.slice(0, -1), root);
  const last = path.at(-1);
  const node = typeof last === 'number' ? parent?.items : parent?.properties?.[last ?? ''];
  return node?.anyOf ?? node?.oneOf ?? [];
}

function alternativeWords(alternatives: readonly SchemaNode[]): string {
  return alternatives
    .map((option) => (option.required ? `{ ${option.required.map((key) => `${key}: …`).join(', ')} }` : (option.type ?? 'a value')))
    .join(' or ');
}

function typeRemedy(path: Path, value: unknown, expected: string): string {
  const key = String(path.at(-1));
  if (expected === 'string' && ['number', 'boolean'].includes(typeof value)) return `put it in quotes: "${String(value)}"`;
  if (expected !== 'number' && expected !== 'int') return '';
  const amount = valueInUnit(value, key);
  if (amount !== null) return `write ${key}: ${amount} (the unit is in the name)`;
  return Number.isFinite(value) ? `write ${key}: ${Math.round(Number(value))}` : '';
}

function rangeWords(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, node: SchemaNode | null): string {
  if (issue.origin === 'array')
    return issue.code === 'too_small'
      ? `at least ${plural(issue.minimum, 'entry', 'entries')}`
      : `at most ${plural(issue.maximum, 'entry', 'entries')}`;
  if (issue.origin === 'string')
    return issue.code === 'too_small'
      ? `at least ${plural(issue.minimum, 'letter', 'letters')}`
      : `at most ${plural(issue.maximum, 'letter', 'letters')}`;
  const low = node?.minimum ?? node?.exclusiveMinimum;
  const high = node?.maximum ?? node?.exclusiveMaximum;
  const lowWords = low === undefined ? '' : `${node?.minimum === undefined ? 'more than' : 'at least'} ${low}`;
  const plainHigh =
    high === undefined || high >= Number.MAX_SAFE_INTEGER ? '' : `${node?.maximum === undefined ? 'less than' : 'at most'} ${high}`;
  const both = [lowWords, plainHigh].filter((words) => words !== '').join(' and ');
  return `${node?.type === 'integer' ? 'a whole number' : 'a number'}, ${both}`;
}

function plural(count: number | bigint, one: string, many: string): string {
  return `${count} ${Number(count) === 1 ? one : many}`;
}

/** A share was written as a percentage. */
function percentRemedy(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, value: unknown): string | null {
  const isShare = issue.code === 'too_big' && issue.origin === 'number' && Number(issue.maximum) <= 1;
  if (!isShare || typeof value !== 'number' || value > 100) return null;
  return `this is a share, not a percentage: ${value}% is ${Number((value / 100).toPrecision(6))}`;
}

export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (node, part) => (typeof node === 'object' && node !== null ? (node as Record<string | number, unknown>)[part] : undefined),
    root,
  );
}
