import { expect } from 'vitest';
import { judge, type JudgeInput } from '../../../src/domain/decide/judge.js';
import { Verdict } from '../../../src/domain/verdict.js';
import { judgeInput } from './evaluation.js';

/** Sentences are compared whole, or by a pattern; absent: not looked at. */
export interface ExpectedVerdict {
  readonly face: Verdict['face'];
  readonly next: Verdict['next'];
  readonly reasons?: readonly (RegExp | string)[];
  readonly notes?: readonly (RegExp | string)[];
}

export type VerdictCase = [name: string, input: Partial<JudgeInput>, expected: ExpectedVerdict];

/** Judges and compares; the verdict must also be one that can be stored and read back. */
export function expectVerdict(input: Partial<JudgeInput>, { reasons, notes, ...expected }: ExpectedVerdict): void {
  const verdict = judge(judgeInput(input));
  expect(Verdict.parse(verdict)).toEqual(verdict);
  expect(verdict).toMatchObject(expected);
  if (reasons !== undefined) expectSentences(verdict.reasons, reasons);
  if (notes !== undefined) expectSentences(verdict.notes, notes);
}

function expectSentences(seen: readonly string[], asked: readonly (RegExp | string)[]): void {
  expect(seen).toHaveLength(asked.length);
  for (const [index, sentence] of asked.entries()) {
    if (typeof sentence === 'string') expect(seen[index]).toBe(sentence);
    else expect(seen[index]).toMatch(sentence);
  }
}
