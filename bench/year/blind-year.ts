import { dataWindow } from '../../src/domain/decide/data-window.js';
import type { ModelSpec } from '../../src/domain/model-spec.js';
import { SnapshotInput, SnapshotOutput, TrainInput, TrainOutput } from '../../src/domain/stage-jobs.js';
import { BLIND_RETRAINS, monthOf, SERVED, type Fault } from './calendar.js';
import type { Spent, WarmSteps } from './warm-steps.js';
import { withFault } from './watched-model.js';

const HOUR_MS = 3_600_000;

/** Digests of the model files that a policy serves, by when it began to. */
export type Retrained = ReadonlyMap<string, string>;

/**
 * Retrains on the first of every month on all rows with mature labels, the newest included, as a cron job does.
 * @param days null: all rows since the first of January
 * @param faults by month; absent: the honest recipe all year. Only months with a fault are trained where there are some.
 */
export async function retrainBlindly(
  steps: WarmSteps,
  model: ModelSpec,
  days: number | null,
  faults: Readonly<Record<string, Fault>> | null,
  spent: Spent,
): Promise<Retrained> {
  const retrained = new Map<string, string>();
  for (const start of BLIND_RETRAINS) {
    const fault = faults?.[monthOf(start)] ?? null;
    if (faults !== null && fault === null) continue;
    retrained.set(start, await retrain(steps, withFault(model, fault), days, start, spent));
  }
  return retrained;
}

/** Whatever came out of the retraining answers, until the next one does. */
export async function serveBlindly(steps: WarmSteps, policy: string, first: string, retrained: Retrained): Promise<void> {
  const served = [[SERVED.start, first] as const, ...retrained];
  for (const [index, [start, model]] of served.entries())
    await steps.serve({ policy, model, start, end: served[index + 1]?.[0] ?? SERVED.end });
}

async function retrain(steps: WarmSteps, { spec }: ModelSpec, days: number | null, now: string, spent: Spent): Promise<string> {
  const { rowsMin } = spec.data.window;
  // A snapshot has a holdout; the trainer is handed both parts.
  const span = days === null ? { start: spec.data.window.start } : { days };
  const data = { ...spec.data, window: { ...span, holdoutDays: 1, rowsMin } };
  const asOf = new Date(Date.parse(now) - spec.data.label.delayHours * HOUR_MS).toISOString();
  const taken = await steps.job('snapshot', SnapshotInput.parse({ stage: 'snapshot', data, ...dataWindow(data, asOf) }), spent);
  const { datasetDigest, dataset } = SnapshotOutput.parse(taken);
  const input = TrainInput.omit({ environment: true }).parse({
    stage: 'refit',
    datasetDigest,
    files: dataset.files,
    features: spec.data.features,
    label: spec.data.label,
    timeColumn: spec.data.timeColumn,
    config: spec.trainer.config,
    seed: spec.trainer.seed,
  });
  return TrainOutput.parse(await steps.job('refit', input, spent)).model.digest;
}
