import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allows, rowFor } from './import-table.js';
import { linesOf, sourceFiles } from './source-files.js';

interface Import {
  readonly from: string;
  readonly isType: boolean;
}

const statement = /^(?:import|export)\s+(type\s+)?(?:[^;'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const dynamic = /\bimport\(\s*['"]([^'"]+)['"]/g;

/** `import { type A } from 'x'` counts as a value import: it still loads x. */
function importsOf(source: string): Import[] {
  const code = source.replace(/^\s*(?:\*|\/\/|\/\*).*$/gm, '');
  return [
    ...[...code.matchAll(statement)].map(([, type, from]) => ({ from: from!, isType: type !== undefined })),
    ...[...code.matchAll(dynamic)].map(([, from]) => ({ from: from!, isType: false })),
  ];
}

/** Imports in `path` (under src/) that the table of layers does not allow, as sentences. */
function forbiddenImports(path: string, source: string): string[] {
  const row = rowFor(path);
  if (!row) return [`${path}: its folder is not in test/style/import-table.ts`];
  return importsOf(source)
    .filter(({ from, isType }) => !allows(row, targetOf(path, from), isType))
    .map(({ from, isType }) => `${path}: ${row.folder} may not import ${isType ? 'types' : 'values'} from ${from}`);
}

function targetOf(path: string, from: string): string {
  if (!from.startsWith('.')) return from;
  return posix.normalize(posix.join(posix.dirname(path), from)).replace(/\.js$/, '.ts');
}

test('every import in src/ is one that its layer may make', () => {
  const found = sourceFiles(/^src\/.*\.ts$/).flatMap((path) => forbiddenImports(path.slice('src/'.length), linesOf(path).join('\n')));
  expect(found).toEqual([]);
});

test('adapters are built in the composition root alone', () => {
  const builders = sourceFiles(/^src\/.*\.ts$/)
    .filter((path) => !/^src\/(?:adapters\/|workers\/(?:compose[./]|open-object-store\.))/.test(path))
    .filter((path) => /^import\s[^;'"]*\bcreate\w+[^;'"]*from\s+['"][^'"]*\/adapters\//m.test(linesOf(path).join('\n')));
  expect(builders).toEqual([]);
});

describe('the check itself', () => {
  test.for<[path: string, source: string, refused: number]>([
    ['domain/a.ts', "import { z } from 'zod';\nimport type { B } from './b.js';", 0],
    ['domain/a.ts', "import { readFile } from 'node:fs/promises';", 1],
    ['domain/a.ts', "import { judge } from './decide/judge.js';", 1],
    ['domain/digest.ts', "import canonicalize from 'canonicalize';\nimport { createHash } from 'node:crypto';", 0],
    ['domain/decide/a.ts', "import type { B } from '../b.js';\nimport { c } from './c.js';\nimport { f } from '../failure.js';", 0],
    ['domain/decide/a.ts', "import { type B } from '../b.js';", 1],
    ['domain/decide/a.ts', "import { createHash } from 'node:crypto';", 1],
    ['ports/a.ts', "import { Job } from '../domain/job.js';", 1],
    ['adapters/local/a.ts', "import { b } from '../s3/b.js';", 1],
    ['adapters/local/deep/a.ts', "import { b } from '../b.js';\nimport { c } from '../../../domain/c.js';", 0],
    ['adapters/s3/a.ts', "import {\n  S3Client,\n} from '@aws-sdk/client-s3';", 0],
    ['activities/a.ts', "import { createStore } from '../adapters/local/store.js';", 1],
    ['workflows/a.ts', "import { Candidate } from '../domain/candidate.js';", 1],
    ['workflows/a.ts', "import type * as activities from '../activities/index.js';", 0],
    ['cli/a.ts', "const { createStore } = await import('../adapters/local/store.js');", 1],
    ['client/a.ts', "import { retrainCycle } from '../workflows/retrain-cycle.js';", 1],
    ['workers/compose.ts', "import { createStore } from '../adapters/local/store.js';", 0],
    ['elsewhere/a.ts', '', 1],
  ])('%s: %j has %i refused', ([path, source, refused]) => {
    expect(forbiddenImports(path, source)).toHaveLength(refused);
  });
});
