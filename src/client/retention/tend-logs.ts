import { logRetention } from '../../domain/log-retention.js';
import type { LogsTended } from '../../domain/logs-tended.js';
import type { LogKeeper } from '../../ports/log-keeper.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { listModels, readHead, readSpec } from '../ledger-view.js';

export interface ModelLogs extends LogsTended {
  readonly model: string;
  readonly predictionDays: number;
  readonly labelDays: number;
}

export interface LogsOptions {
  /** Absent: all models. */
  readonly model?: string;
  readonly isDeleting: boolean;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/**
 * Tends the logs of the models that have any, by the retention of the spec in force; without a spec nothing goes.
 * @param open asked only where there is a log: it may have to make a Python environment
 */
export async function tendLogs(
  store: ObjectStore,
  open: () => Promise<LogKeeper>,
  { model: asked, isDeleting, nowMs, signal }: LogsOptions,
): Promise<ModelLogs[]> {
  const tended: ModelLogs[] = [];
  for (const model of asked === undefined ? await listModels(store) : [asked]) {
    const specDigest = (await readHead(store, model))?.after.specDigest;
    if (!specDigest || !(await hasLogs(store, model))) continue;
    const retentionDays = logRetention((await readSpec(store, specDigest)).spec);
    const found = await (await open()).tend({ model, nowMs, retentionDays, isDeleting }, signal);
    tended.push({ model, predictionDays: retentionDays.predictions, labelDays: retentionDays.labels, ...found });
  }
  return tended;
}

async function hasLogs(store: ObjectStore, model: string): Promise<boolean> {
  const found = await Promise.all(
    ['predictions', 'labels', 'monitoring', 'requests'].map((kind) => store.list(`${kind}/${model}/`, { limit: 1 })),
  );
  return found.some((keys) => keys.length > 0);
}
