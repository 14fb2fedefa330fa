import { stripVTControlCharacters } from 'node:util';
import type { Terminal } from '../terminal.js';
import { visible } from './visible.js';

/** A block of lines that is drawn over itself. */
export interface LiveBlock {
  draw(lines: readonly string[]): void;
}

export function createLiveBlock(terminal: Pick<Terminal, 'out' | 'columns'>): LiveBlock {
  let drawn: readonly string[] = [];
  return {
    draw(raw) {
      const lines = raw.map((line) => visible(line, { keepColours: true }));
      // Up to the first row of the old block, then clear to the end of the screen.
      const rows = drawn.reduce((sum, line) => sum + rowsOf(line, terminal.columns), 0);
      const back = rows > 0 ? `\u001b[${rows}A\u001b[J` : '';
      terminal.out(back + lines.join('\n'));
      drawn = lines;
    },
  };
}

/** A line that is longer than the screen is wide goes on in the next row. */
function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil([...stripVTControlCharacters(line)].length / Math.max(1, columns)));
}
