import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ModelSpec } from '../../../src/domain/model-spec.js';
import { problemText } from '../../../src/client/model-file/problem.js';
import { readModelFile } from '../../../src/client/model-file/read-model-file.js';
import { FILES, GOOD_MODEL_FILE, NOW_MS } from './good-model-file.js';

const read = (text: string) => readModelFile(text, { file: 'model.yaml', fileExists: (path) => FILES.includes(path), nowMs: NOW_MS });

test('a good file gives its spec with the defaults filled in', () => {
  const { spec } = read(GOOD_MODEL_FILE);
  expect(ModelSpec.parse(spec)).toEqual(spec);
  expect(spec).toMatchObject({
    metadata: { name: 'flight-lateness' },
    spec: { refit: 'none', gates: { labelCoverageMin: 0.9 }, triggers: { overlap: 'bufferOne' } },
  });
});

test('a good file is told what its window can detect at all', () => {
  expect(read(GOOD_MODEL_FILE).problems.map(problemText)).toEqual([
    'model.yaml:43:9: info: spec.gates.againstChampion[0]: an improvement below about 0.027 will be proven in fewer than 8 of 10 cycles (28 day blocks, first comparison at α 2.5% a side, assuming days that spread by 0.05). A longer holdout shows more: four times the days halve it',
    'model.yaml:44:9: info: spec.gates.againstChampion[1]: a challenger that is exactly as good will pass this margin in about 34% of cycles (28 day blocks, first comparison at α 2.5% a side, assuming days that spread by 0.065). A longer holdout shows more: four times the days halve it',
  ]);
});

test('a gate against the anchor is told what it can detect, too; of blocks that are no days, what it depends on', () => {
  const told = (text: string) => read(text).problems.map(problemText);
  const anchored = GOOD_MODEL_FILE.replace('    againstChampion:\n      - { metric: auc, test: superiority }\n', '    againstAnchor:\n');
  expect(told(anchored)).toContainEqual(
    expect.stringMatching(
      /info: spec\.gates\.againstAnchor\[0\]: a challenger that is exactly as good will pass this margin in about 34% of cycles/,
    ),
  );
  expect(told(GOOD_MODEL_FILE.replace('resampleBy: day', 'resampleBy: origin'))).toEqual([
    'model.yaml:34:17: info: spec.evaluation.resampleBy: what the holdout can show depends on how many values of origin it has: four times as many halve it, and with fewer than 10 every comparison is inconclusive. Choose what rows are alike by, and has many values, like a customer; or day',
  ]);
  expect(told(GOOD_MODEL_FILE.replace('resampleBy: day', 'resampleBy: row'))).toEqual([
    expect.stringMatching(/info: spec\.evaluation\.resampleBy: what the holdout can show depends on how many rows it has/),
  ]);
});

test.for<[name: string, text: string, problem: string]>([
  [
    'an empty file',
    '',
    'model.yaml:1:1: error: expected a model file, found an empty file. Start from an example, or from `ratchet schema`',
  ],
  [
    'a file of comments',
    '# nothing\n',
    'model.yaml:1:1: error: expected a model file, found an empty file. Start from an example, or from `ratchet schema`',
  ],
  [
    'a value that holds itself',
    'a: &a [1, *a]\n',
    'model.yaml:1:11: error: expected the name of an anchor above, found *a, which holds itself. Write the value out, or name an anchor that ends before the alias',
  ],
  [
    'a text that would fill the memory',
    `a: &a [${Array.from({ length: 20 }, () => 'x').join()}]\n${[...'bcdefgh'].map((name, index) => `${name}: &${name} [${Array.from({ length: 20 }, () => `*${'abcdefg'[index]!}`).join()}]\n`).join('')}`,
    'model.yaml:1:1: error: expected plain values, found Excessive alias count indicates a resource exhaustion attack. Write the values out instead of using aliases',
  ],
  [
    'a text that is not closed',
    'kind: "Model\n',
    'model.yaml:2:1: error: expected YAML, found missing closing "quote. Correct the YAML here or in the line above',
  ],
  ['a list', '- a\n', 'model.yaml:1:1: error: expected a map, found ["a"]'],
  ['a sentence', 'hello\n', 'model.yaml:1:1: error: expected a map, found "hello"'],
])('%s is no model file', ([, text, problem]) => {
  expect(read(text)).toMatchObject({ spec: null });
  expect(read(text).problems.map(problemText)).toEqual([problem]);
});

test('all mistakes are told at once, in the order of the text', () => {
  const text = GOOD_MODEL_FILE.replace('tier: medium', 'tier: medum')
    .replace('holdoutDays: 28', 'holdoutDays: many')
    .replace('quorum: 1', 'quorum: 9');
  expect(read(text).problems.map(({ line, path, severity }) => [line, path, severity])).toEqual([
    [6, 'metadata.tier', 'error'],
    [15, 'spec.data.window.holdoutDays', 'error'],
    [50, 'spec.approval.quorum', 'error'],
  ]);
});

test('a problem has its parts for programs too', () => {
  expect(read(GOOD_MODEL_FILE.replace('tier: medium', 'tier: medum')).problems[0]).toEqual({
    file: 'model.yaml',
    line: 6,
    column: 9,
    path: 'metadata.tier',
    severity: 'error',
    message: 'expected one of low, medium, high, found "medum"',
    expected: 'one of low, medium, high',
    found: '"medum"',
    remedy: 'did you mean medium?',
  });
});

test('no text, however broken, is more than a list of problems', { timeout: 60_000 }, () => {
  const lines = GOOD_MODEL_FILE.split('\n');
  const cut = fc.record({ line: fc.nat(lines.length - 1), column: fc.nat(60), noise: fc.string({ maxLength: 6 }) });
  fc.assert(
    fc.property(fc.array(cut, { minLength: 1, maxLength: 3 }), (cuts) => {
      const broken = [...lines];
      for (const { line, column, noise } of cuts)
        broken[line] = broken[line]!.slice(0, column) + noise + broken[line]!.slice(column + noise.length);
      const { spec, problems } = read(broken.join('\n'));
      expect(spec !== null || problems.some(({ severity }) => severity === 'error')).toBe(true);
      for (const problem of problems) {
        expect(problem.line).toBeGreaterThanOrEqual(1);
        expect(problem.line).toBeLessThanOrEqual(lines.length + 20);
        expect(problem.column).toBeGreaterThanOrEqual(1);
      }
    }),
    { numRuns: 40 },
  );
});
