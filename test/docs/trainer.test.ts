import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('the trainer that the guide shows is one that runs: that of the wiring test', () => {
  expect(/```python\n([\s\S]*?)```/.exec(read('docs/how-to/write-a-trainer.md'))![1]).toBe(read('test/wiring/model/train.py'));
});
