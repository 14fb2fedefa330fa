import type { CycleHandle } from '../client/cycle-handle.js';
import { CommandError } from './explain-error.js';
import { mustKnow } from './known-model.js';
import type { Session } from './session.js';

/** @throws {CommandError} there is no such model, its lifecycle does not run, or no cycle is open */
export async function openCycleOf({ store, model }: Pick<Session, 'store' | 'model'>, name: string): Promise<CycleHandle> {
  const handle = model(name);
  const state = await handle.state();
  if (state === null) await mustKnow(store, name);
  if (state === null) throw new CommandError(`the lifecycle of ${handle.model} does not run`, '`ratchet apply -f <model file>` starts it');
  if (state.openCycle === null)
    throw new CommandError(`no cycle of ${handle.model} is open`, `\`ratchet history ${handle.model}\` shows how the last ones ended`);
  return handle.cycle(state.openCycle);
}
