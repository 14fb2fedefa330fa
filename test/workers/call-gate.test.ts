import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createCallGate } from '../../src/workers/call-gate.js';

test('only so many calls are under way, the others follow in their order, and one that fails gives its place away', async () => {
  const gate = createCallGate(2);
  const begun: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const calls = [0, 1, 2, 3, 4].map((number) =>
    gate(() => {
      begun.push(number);
      return new Promise<number>((resolve, reject) => (ends[number] = (error) => (error ? reject(error) : resolve(number))));
    }),
  );
  await setImmediate();
  expect(begun).toEqual([0, 1]);
  ends[1]!(new Error('no'));
  await expect(calls[1]).rejects.toThrow('no');
  await setImmediate();
  expect(begun).toEqual([0, 1, 2]);
  ends[0]!();
  ends[2]!();
  await setImmediate();
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  ends[3]!();
  ends[4]!();
  expect(await Promise.all([calls[0], calls[2], calls[3], calls[4]])).toEqual([0, 2, 3, 4]);
  expect(await gate(() => Promise.resolve('later'))).toBe('later');
});
