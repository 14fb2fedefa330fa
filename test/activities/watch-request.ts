import type { WatchRequest } from '../../src/activities/watch-arms.js';

type Told = Pick<WatchRequest, 'step' | 'times' | 'plan' | 'split'>;

/** A watch of `m-7`, under the first shift of its cycle, beside `m-3`. */
export function watchRequest(told: Told): WatchRequest {
  return {
    model: 'm',
    cycle: 7,
    mode: 'step',
    windowSeconds: 0.002, // so that each look is later than the one before by the clock, too
    unit: 'request',
    state: null,
    isNewStep: true,
    instances: { challenger: 'm-7', champion: 'm-3', baseline: null },
    shift: 1,
    previous: null,
    ...told,
  };
}
