import { CommanderError } from 'commander';
import { createCli, INTERRUPTED } from './cli.js';
import { CommandError, explainError } from './explain-error.js';
import { createProgram } from './program.js';
import { visible } from './render/visible.js';
import type { Terminal } from './terminal.js';

/**
 * One run of `ratchet`.
 * @param args without the program's name
 * @returns the exit code: 0 done (`--wait`: promoted), 1 error or bad input, 2 rejected or failed gates, 3 inconclusive, 130 interrupted
 */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const cli = createCli(terminal);
  try {
    await createProgram(cli).parseAsync(args, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1; // it has said what is wrong
    // What an interruption tears apart on its way out is no news; what a command says about it is.
    const { aborted } = terminal.interrupted;
    if (!aborted || error instanceof CommandError) terminal.err(visible(explainError(error, terminal.environment)));
    return aborted ? INTERRUPTED : 1;
  }
}
