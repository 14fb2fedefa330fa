import { proxySinks, type Sink, type Sinks } from '@temporalio/workflow';
import type { DropCause } from '../domain/decide/next-trigger.js';
import type { Trigger } from '../domain/trigger.js';

/** How an arriving trigger was received. duplicate: its key is known. */
export type Receipt = 'accepted' | 'duplicate' | 'refused';

export type TriggerCount = { readonly kind: Trigger['kind']; readonly count: number } & (
  | { readonly receipt: Receipt }
  /** refused: the ledger did not take its cycle. */
  | { readonly cause: DropCause | 'refused' }
);

/** Counted outside of the workflow, once: a replay counts nothing. Where no worker listens, nothing is counted. */
export interface TriggerSinks extends Sinks {
  triggers: Sink & { counted(model: string, counts: readonly TriggerCount[]): void };
}

const { triggers } = proxySinks<TriggerSinks>();

export type TriggerTally = ReturnType<typeof createTriggerTally>;

/** What became of triggers since it was last told. Told once a turn of the loop, however many came: each telling leaves the isolate. */
export function createTriggerTally(model: string) {
  const counts = new Map<string, TriggerCount>();
  return {
    received: ({ kind }: Trigger, receipt: Receipt): void => add(`${kind} ${receipt}`, { kind, receipt, count: 1 }),
    dropped: ({ kind }: Trigger, cause: DropCause | 'refused'): void => add(`${kind} dropped ${cause}`, { kind, cause, count: 1 }),

    tell(): void {
      if (counts.size === 0) return;
      triggers.counted(model, [...counts.values()]);
      counts.clear();
    },
  };

  function add(key: string, one: TriggerCount): void {
    counts.set(key, { ...one, count: (counts.get(key)?.count ?? 0) + 1 });
  }
}
