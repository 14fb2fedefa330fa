import { expect, test } from 'vitest';
import { linesOf, sourceFiles } from './source-files.js';

const code = /^(?:src|web|steps|examples|scripts|test|bench)\/.*\.(?:ts|tsx|mjs|py)$/;

test('no file or folder is named after nothing in particular', () => {
  const vague = /(?:^|\/)(?:utils?|helpers?|types?|common|managers?|misc|shared)(?:\/|\.[a-z.]+$)/i;
  expect(sourceFiles(code).filter((path) => vague.test(path))).toEqual([]);
});

test('TypeScript files are named in kebab-case, Python files in snake_case', () => {
  const badlyNamed = sourceFiles(code).filter((path) => {
    const name = path.split('/').at(-1)!;
    return name.endsWith('.py') ? !/^[a-z0-9_]+\.py$/.test(name) : !/^[a-z0-9-]+(?:\.(?:test|d|config))?\.(?:tsx?|mjs|mts)$/.test(name);
  });
  expect(badlyNamed).toEqual([]);
});

test('no file is longer than 300 lines', () => {
  expect(sourceFiles(code).filter((path) => linesOf(path).length > 300)).toEqual([]);
});

test('classes are errors: everything else is a factory that takes its ports', () => {
  const classes = sourceFiles(/^src\/.*\.ts$/).flatMap((path) =>
    linesOf(path)
      .filter((line) => /^\s*(?:export\s+)?(?:abstract\s+)?class\s/.test(line) && !/extends\s+\w*(?:Error|Failure)\b/.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(classes).toEqual([]);
});

test('lock files pin by hash and name no host', () => {
  const named = ['package-lock.json', ...sourceFiles(/\.lock$/)].flatMap((path) =>
    linesOf(path)
      .filter((line) => (path.endsWith('.json') ? /"resolved"/ : /:\/\/|^\s*--(?!hash=)/).test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(named).toEqual([]);
});
