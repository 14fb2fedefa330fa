import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

test('the model file in the README is the example, line by line', () => {
  const excerpt = /```yaml\n([\s\S]*?)```/.exec(read('README.md'))![1]!;
  const file = read('examples/flight-lateness/model.yaml');
  const pieces = excerpt.split('…\n');
  expect(pieces.length).toBeGreaterThan(1);
  let from = 0;
  for (const piece of pieces) {
    const at = file.indexOf(piece, from);
    expect(at, `expected these lines, in this order, in model.yaml:\n${piece}`).toBeGreaterThanOrEqual(0);
    from = at + piece.length;
  }
});
