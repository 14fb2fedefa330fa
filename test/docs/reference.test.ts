import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { referencePages } from '../../scripts/reference/pages.js';
import { modelFileSchema, type SchemaNode } from '../../src/client/model-file/schema-tree.js';

const pages = Object.entries(referencePages());

describe('docs/reference', () => {
  test.for(pages)('%s is up to date (else: npm run docs)', ([name, content]) => {
    expect(readFileSync(new URL(`../../docs/reference/${name}`, import.meta.url), 'utf8')).toBe(content);
  });
});

test('every key of the model file says what it means', () => {
  expect(undescribed(modelFileSchema(), '')).toEqual([]);
});

function undescribed(node: SchemaNode, path: string): string[] {
  const own = Object.entries(node.properties ?? {}).flatMap(([key, child]) => [
    ...(child.description ? [] : [`${path}${key}`]),
    ...undescribed(child, `${path}${key}.`),
  ]);
  const inner = [node.items, ...(node.anyOf ?? []), ...(node.oneOf ?? [])].filter((child) => child !== undefined);
  return [...own, ...inner.flatMap((child) => undescribed(child, path))];
}
