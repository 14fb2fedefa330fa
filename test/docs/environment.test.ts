import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { environmentPage } from '../../scripts/reference/environment-page.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const inTest = ['RATCHET_SERVE_EXAMPLE_FAULTS']; // lets a model server fail on purpose

test('every variable that the code reads stands in the reference, and no other', () => {
  const read = new Set(
    ['src', 'scripts', 'steps'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => /\.(ts|mjs|py)$/.test(path) && !/^(reference|tests)\//.test(path))
        .flatMap((path) => readFileSync(join(root, folder, path), 'utf8').match(/RATCHET_[A-Z_]*[A-Z]\b/g) ?? []),
    ),
  );
  const documented = new Set(environmentPage().match(/RATCHET_[A-Z_]*[A-Z]\b/g));
  const composed = [...documented].filter((name) => name.startsWith('RATCHET_WEBHOOK_')); // from the sender's name
  expect([...read].filter((name) => !documented.has(name) && !inTest.includes(name))).toEqual([]);
  expect([...documented].filter((name) => !read.has(name) && !composed.includes(name))).toEqual([]);
});
