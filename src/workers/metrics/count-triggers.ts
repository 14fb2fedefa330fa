import type { InjectedSinks } from '@temporalio/worker';
import type { TriggerSinks } from '../../workflows/trigger-tally.js';
import type { Meter } from './meter.js';

/** What lifecycles tell of triggers, counted; what a workflow only does again is not. */
export function countTriggers(meter: Meter): InjectedSinks<TriggerSinks> {
  return {
    triggers: {
      counted: {
        fn: (_info, model, counts) => {
          for (const each of counts) {
            const { kind, count: value } = each;
            if ('receipt' in each) meter.record({ name: 'ratchet_triggers_total', labels: { model, kind, result: each.receipt }, value });
            else meter.record({ name: 'ratchet_triggers_dropped_total', labels: { model, kind, reason: each.cause }, value });
          }
        },
      },
    },
  };
}
