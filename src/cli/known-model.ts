import { isKnownModel } from '../client/ledger-view.js';
import type { ObjectStore } from '../ports/object-store.js';
import { CommandError } from './explain-error.js';

/** @throws {CommandError} nobody ever applied it */
export async function mustKnow(store: ObjectStore, model: string): Promise<void> {
  if (!(await isKnownModel(store, model))) throw unknownModel(model);
}

export function unknownModel(model: string): CommandError {
  return new CommandError(`there is no model ${model} here`, '`ratchet get` lists the models');
}
