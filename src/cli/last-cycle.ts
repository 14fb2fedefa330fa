import type { Command } from 'commander';
import { summarizeCycles } from '../client/cycle-summary.js';
import { readRecords } from '../client/ledger-view.js';
import type { Cli } from './cli.js';
import { CommandError } from './explain-error.js';
import { openStore } from './session.js';

/** The number of the newest cycle. @throws {CommandError} there is none */
export async function lastCycle(cli: Cli, command: Command, model: string): Promise<number> {
  const last = summarizeCycles(await readRecords(openStore(cli, command), model)).at(-1);
  if (!last) throw new CommandError(`${model} has no cycle yet`, `start one with \`ratchet trigger ${model}\``);
  return last.cycle;
}
