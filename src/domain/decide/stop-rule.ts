import type { FailureType } from '../failure.js';
import type { StopRules } from '../trainer-spec.js';
import type { JobWatch } from './job-watch.js';

export interface StopFacts {
  readonly watch: JobWatch;
  /** null: it waits for a machine, or nobody knows. */
  readonly startedAtMs: number | null;
  /** When its progress was last read; null: never. Nobody is stopped for silence while nobody listened. */
  readonly progressReadMs: number | null;
  /** Of all attempts so far, by the worker's prices; null: nobody asks. */
  readonly cost: { readonly amount: number; readonly currency: string } | null;
}

export interface Stop {
  readonly type: FailureType;
  readonly message: string;
  readonly remedy: string;
}

const MINUTE_MS = 60_000;

/** Why a training is to be stopped now; null: it goes on. Pure. A time limit is the cluster's to keep. */
export function stopRule(rules: StopRules | undefined, { watch, startedAtMs, progressReadMs, cost }: StopFacts): Stop | null {
  const { progress } = watch;
  if (typeof progress?.loss === 'string')
    return {
      type: 'JobDiverged',
      message: `loss: expected a finite number, found ${progress.loss} (${watch.words})`,
      remedy: 'lower the learning rate or look for bad values in the data, apply, then: ratchet trigger',
    };
  const { costMax, withoutProgressMinutes } = rules ?? {};
  if (costMax !== undefined && cost !== null && cost.amount > costMax)
    return {
      type: 'JobOverBudget',
      message: `trainer.stop.costMax: expected all attempts to cost at most ${costMax} ${cost.currency}, found ${cost.amount.toFixed(2)}`,
      remedy: 'raise costMax, apply, then: ratchet retry (with trainer.checkpoints it goes on where it stood)',
    };
  if (withoutProgressMinutes === undefined || startedAtMs === null || progressReadMs === null) return null;
  const silentMs = progressReadMs - Math.max(startedAtMs, watch.changedAtMs);
  if (silentMs <= withoutProgressMinutes * MINUTE_MS) return null;
  return {
    type: 'JobStalled',
    message: `trainer.stop.withoutProgressMinutes: expected progress within ${withoutProgressMinutes} minutes, found none for ${Math.floor(silentMs / MINUTE_MS)} (${watch.words || 'it never told any'})`,
    remedy: 'read the end of its log, then: ratchet retry (with trainer.checkpoints it goes on where it stood)',
  };
}
