import type { Command } from 'commander';
import { stringify } from 'yaml';
import type { Home } from '../config/home.js';
import { homeAt } from '../config/home.js';
import { visible } from './render/visible.js';
import type { Terminal } from './terminal.js';

/** The exit code of what Ctrl-C or SIGTERM ended before its own end. */
export const INTERRUPTED = 130;

export type OutputFormat = 'table' | 'json' | 'yaml';

/** What every command gets. */
export interface Cli {
  readonly terminal: Terminal;
  /** The format that was asked for by -o. */
  format(command: Command): OutputFormat;
  home(command: Command): Home;
  /** The result: as a document in JSON or YAML, or as lines for people. */
  print(command: Command, document: unknown, lines: () => readonly string[]): void;
  /** A line of progress for people; never part of the result. */
  tell(line: string): void;
  /** What the process will say when it ends well; 0 unless set. */
  exitCode: number;
}

export function createCli(terminal: Terminal): Cli {
  const format = (command: Command): OutputFormat => command.optsWithGlobals<{ output: OutputFormat }>().output;
  return {
    terminal,
    format,
    home: (command) => homeAt(command.optsWithGlobals<{ home?: string }>().home, terminal.environment),
    print(command, document, lines) {
      switch (format(command)) {
        case 'json':
          return terminal.out(JSON.stringify(document, null, 2));
        case 'yaml':
          return terminal.out(stringify(document).trimEnd());
        case 'table':
          for (const line of lines()) terminal.out(visible(line, { keepColours: terminal.hasColours }));
      }
    },
    tell: (line) => terminal.err(visible(line)),
    exitCode: 0,
  };
}
