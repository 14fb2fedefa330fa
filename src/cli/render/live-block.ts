import type { Terminal } from '../terminal.js';

/** A block of lines that is drawn over itself. */
export interface LiveBlock {
  draw(lines: readonly string[]): void;
}

export function createLiveBlock(terminal: Terminal): LiveBlock {
  let drawn = 0;
  return {
    draw(lines) {
      // Up to the first line of the old block, then clear to the end of the screen.
      const back = drawn > 0 ? `\u001b[${drawn}A\u001b[J` : '';
      terminal.out(back + lines.join('\n'));
      drawn = lines.length;
    },
  };
}
