import type { CycleHandle } from '../client/cycle-handle.js';
import type { ModelHandle } from '../client/model-handle.js';
import { CommandError } from './explain-error.js';

/** @throws {CommandError} no cycle is open, or the model's lifecycle does not run */
export async function openCycleOf(handle: ModelHandle): Promise<CycleHandle> {
  const state = await handle.state();
  if (state === null) throw new CommandError(`the lifecycle of ${handle.model} does not run`, '`ratchet apply -f <model file>` starts it');
  if (state.openCycle === null)
    throw new CommandError(`no cycle of ${handle.model} is open`, `\`ratchet history ${handle.model}\` shows how the last ones ended`);
  return handle.cycle(state.openCycle);
}
