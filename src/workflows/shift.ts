import { CancellationScope, sleep } from '@temporalio/workflow';
import type { Split } from '../domain/decide/traffic-splits.js';
import { splitInWords } from '../domain/decide/rollout-details.js';
import { backwardActivities, forwardActivities } from './activity-proxies.js';
import type { TrafficControl } from './traffic-control.js';
import { failureOf } from './workflow-failure.js';

const AGAIN_MS = 2000;

/** Whoever moves traffic: the model, and what is known of it. */
export interface Shifting {
  readonly input: { readonly model: string; readonly cycle: number };
  readonly control: TrafficControl;
}

/**
 * Divides the requests anew. What has begun is known to have begun: its number is taken before, so that whatever comes after
 * it is greater. A number that is too low says that somebody else moves this traffic: that is for the caller to know.
 */
export async function shiftForward({ input: { model, cycle }, control }: Shifting, split: Split, summary: string): Promise<void> {
  const shift = control.takeShift(await forwardActivities('read the number of the last shift').readShift({ model }));
  const forward = forwardActivities(summary, control.shiftSecondsMax());
  await CancellationScope.nonCancellable(() => forward.shiftTraffic({ model, cycle, shift, split }));
  control.shifted(shift, split);
}

/**
 * Gives all requests to who may have them, whatever number is in force by then and whatever fails, until it is so.
 * @param settingsOf the cycle whose spec says how requests are treated; null: as they are now
 * @returns when it was, ISO 8601
 */
export async function giveBack({ input: { model }, control }: Shifting, split: Split, settingsOf: number | null = null): Promise<string> {
  for (;;) {
    try {
      const shift = control.takeShift(await backwardActivities('read the number of the last shift').readShift({ model }));
      const backward = backwardActivities(`traffic: ${splitInWords(split)}`, control.shiftSecondsMax());
      const at = await backward.shiftTraffic({ model, cycle: settingsOf, shift, split });
      control.shifted(shift, split);
      return at;
    } catch (error) {
      const { type, message } = failureOf(error);
      if (type === 'ShiftStale') continue;
      control.note(`traffic could not be moved yet: ${message}`);
      await sleep(AGAIN_MS, { summary: 'before the traffic is moved again' });
    }
  }
}
