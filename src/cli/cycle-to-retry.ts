import type { Command } from 'commander';
import { summarizeCycles, type CycleSummary } from '../client/cycle-summary.js';
import { readRecords } from '../client/ledger-view.js';
import type { Cli } from './cli.js';
import { CommandError } from './explain-error.js';
import { unknownModel } from './known-model.js';
import { openStore } from './session.js';

/**
 * The cycle to go on from. The lifecycle decides in the end, but nobody waits there to be told.
 * @param asked a number; undefined: the newest cycle
 * @throws {CommandError} there is no such model or cycle, or it ended by a decision
 */
export async function cycleToRetry(cli: Cli, command: Command, model: string, asked: number | undefined): Promise<CycleSummary> {
  const records = await readRecords(openStore(cli, command), model);
  if (records.length === 0) throw unknownModel(model);
  const cycles = summarizeCycles(records);
  const found = asked === undefined ? cycles.at(-1) : cycles.find(({ cycle }) => cycle === asked);
  const startOne = `start one with \`ratchet trigger ${model}\``;
  if (cycles.length === 0) throw new CommandError(`${model} has no cycle yet`, startOne);
  if (!found) throw new CommandError(`${model} has no cycle ${asked}`, `\`ratchet history ${model}\` lists them`);
  const { cycle, outcome } = found;
  if (outcome === null || outcome === 'failed' || outcome === 'aborted') return found;
  throw new CommandError(`cycle ${cycle} of ${model} ended ${outcome}, by a decision and not by a failure: it stands`, startOne);
}
