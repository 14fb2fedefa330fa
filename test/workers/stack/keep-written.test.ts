import { expect, test } from 'vitest';
import { keepWritten } from '../../../src/workers/stack/keep-written.js';

test('what cannot be written is told once, ends nothing, and is written when there is room', async () => {
  const told: string[] = [];
  const written: string[] = [];
  let isFull = true;
  const write = keepWritten(
    () => {
      if (isFull) throw new Error('ENOSPC: no space left on device, write');
      written.push('addresses');
    },
    (line) => told.push(line),
    new AbortController().signal,
    1,
  );
  write();
  write();
  isFull = false;
  await expect.poll(() => written).toEqual(['addresses']);
  expect(told).toEqual([expect.stringContaining('cannot be written (ENOSPC')]);
});

test('after the stop nothing is written any more', () => {
  const stopping = new AbortController();
  const written: string[] = [];
  const write = keepWritten(
    () => written.push('addresses'),
    () => undefined,
    stopping.signal,
  );
  stopping.abort();
  write();
  expect(written).toEqual([]);
});
