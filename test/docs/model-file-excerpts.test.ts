import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { DataSpec } from '../../src/domain/data-spec.js';
import { ModelSpec } from '../../src/domain/model-spec.js';

const folder = new URL('../../docs/how-to/', import.meta.url);
const excerpts = readdirSync(folder).flatMap((page) =>
  [...readFileSync(new URL(page, folder), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => ({ page, text: text! })),
);

const parts: Record<string, z.ZodType> = { ...ModelSpec.shape.spec.shape, ...DataSpec.shape };
const dataParts: Record<string, z.ZodType> = DataSpec.shape;

/** What the schema says against an excerpt that shows only some fields; nothing where it is good. */
function faultsIn(excerpt: Record<string, unknown>): string[] {
  return Object.entries(excerpt).flatMap(([name, value]) => {
    if (name === 'data') return faultsOf(dataParts, value as Record<string, unknown>);
    return faultsOf(parts, { [name]: value });
  });
}

function faultsOf(schemas: Record<string, z.ZodType>, fields: Record<string, unknown>): string[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    const checked = schemas[name]?.safeParse(value);
    if (checked === undefined) return [`${name}: no such field`];
    return checked.success ? [] : [`${name}: ${z.prettifyError(checked.error)}`];
  });
}

test('there are excerpts', () => {
  expect(excerpts.length).toBeGreaterThan(5);
});

test.for(excerpts)('$page: an excerpt of a model file is one that the schema takes', ({ text }) => {
  expect(faultsIn(parse(text) as Record<string, unknown>)).toEqual([]);
});
