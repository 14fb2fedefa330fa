import { expect } from 'vitest';
import { problemText } from '../../../src/client/model-file/problem.js';
import { readModelFile } from '../../../src/client/model-file/read-model-file.js';
import { FILES, GOOD_MODEL_FILE, NOW_MS } from './good-model-file.js';

export type Mistake = [name: string, from: string, to: string, ...problems: string[]];

/** Puts one mistake into the good file and compares everything that is said about it, word for word. */
export function expectProblems(from: string, to: string, problems: readonly string[]): void {
  expect(GOOD_MODEL_FILE).toContain(from);
  const read = readModelFile(GOOD_MODEL_FILE.replace(from, to), { file: 'm', fileExists: (path) => FILES.includes(path), nowMs: NOW_MS });
  const told = read.problems.filter(({ severity }) => severity !== 'info');
  expect(told.map((problem) => problemText(problem).slice('m:'.length))).toEqual(problems);
  expect(read.spec === null).toBe(told.some(({ severity }) => severity === 'error'));
}
