import { summarizeCycles } from '../client/cycle-summary.js';
import { readRecords } from '../client/ledger-view.js';
import type { ObjectStore } from '../ports/object-store.js';
import { CommandError } from './explain-error.js';

/** The number of the newest cycle. @throws {CommandError} there is none */
export async function lastCycle(store: ObjectStore, model: string): Promise<number> {
  const last = summarizeCycles(await readRecords(store, model)).at(-1);
  if (!last) throw new CommandError(`${model} has no cycle yet`, `start one with \`ratchet trigger ${model}\``);
  return last.cycle;
}
