import type { Split } from '../domain/decide/traffic-splits.js';
import { backwardActivities, forwardActivities } from './activity-proxies.js';
import type { TrafficControl } from './traffic-control.js';
import { splitInWords } from '../domain/decide/rollout-details.js';
import { failureOf } from './workflow-failure.js';

/** Whoever moves traffic: the model, and what is known of it. */
export interface Shifting {
  readonly input: { readonly model: string; readonly cycle: number };
  readonly control: TrafficControl;
  hasShifted: boolean;
}

/** Divides the requests anew. A number that is too low says that somebody else moves this traffic: that is for the caller to know. */
export async function shiftForward(shifting: Shifting, split: Split, summary: string): Promise<void> {
  const { input, control } = shifting;
  const before = await forwardActivities('read the number of the last shift').readShift({ model: input.model });
  const shift = before + 1;
  shifting.hasShifted = true;
  await forwardActivities(summary).shiftTraffic({ model: input.model, cycle: input.cycle, shift, split });
  control.shifted(shift, split);
}

/** Gives traffic back, whatever number is in force by then, until it is so. @returns when it was, ISO 8601 */
export async function giveBack({ input, control }: Pick<Shifting, 'input' | 'control'>, split: Split): Promise<string> {
  const { model } = input;
  for (;;) {
    const before = await backwardActivities('read the number of the last shift').readShift({ model });
    const shift = Math.max(before, control.shift()) + 1;
    try {
      const at = await backwardActivities(`traffic back: ${splitInWords(split)}`).shiftTraffic({ model, cycle: null, shift, split });
      control.shifted(shift, split);
      return at;
    } catch (error) {
      if (failureOf(error).type !== 'ShiftStale') throw error;
    }
  }
}
