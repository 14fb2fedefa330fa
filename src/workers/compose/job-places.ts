import { loadCycle } from '../../activities/cycle-context.js';
import type { Ledger } from '../../activities/ledger.js';
import { clusterOf } from '../../activities/plan-job.js';
import type { TrainingCluster } from '../../domain/training-cluster.js';
import type { ObjectStore } from '../../ports/object-store.js';

/** Says which cluster has the job of a name; null: nobody knows. */
export type JobPlaces = (jobName: string) => Promise<TrainingCluster['kind'] | null>;

/** From the model file that the job's cycle was started with, which never changes; what is no training runs on the worker's machine. */
export function createJobPlaces(sources: { store: ObjectStore; ledger: Ledger }): JobPlaces {
  return async (jobName) => {
    const [, model, cycle, stage] = /^(.+)-c(\d+)-([a-z]+)-a\d+$/.exec(jobName) ?? [];
    if (model === undefined) return null;
    if (stage !== 'train' && stage !== 'refit') return 'local';
    const context = await loadCycle(sources, model, Number(cycle)).catch(() => null);
    return context && (clusterOf(context)?.kind ?? 'local');
  };
}
