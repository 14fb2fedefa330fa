import { expect, test } from 'vitest';
import { createLiveBlock } from '../../src/cli/render/live-block.js';

test('a block is drawn over itself, also where a line wraps, and leaves nothing of the one before', () => {
  const screen = screenOf(20);
  screen.out('before');
  const block = createLiveBlock(screen);
  block.draw(['train 1 s', '', `sign with: ${'x'.repeat(40)}`]);
  block.draw(['\u001b[32mtrain 2 s\u001b[0m', 'a line that is just as long'.slice(0, 20), 'end']);
  block.draw(['train 3 s']);
  expect(screen.rows()).toEqual(['before', 'train 3 s']);
});

/** As much of a terminal as a block needs: rows that wrap, the cursor up, clear to the end. */
function screenOf(columns: number) {
  const rows: string[] = [];
  return {
    columns,
    rows: () => rows,
    out(text: string) {
      const [, up] = /^\u001b\[(\d+)A\u001b\[J/.exec(text) ?? [];
      if (up !== undefined) rows.splice(rows.length - Number(up));
      const visible = text.replaceAll(/\u001b\[\d*[A-Za-z]/g, '');
      for (const line of visible.split('\n')) rows.push(...(line.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? ['']));
    },
  };
}
