import { readUsage, usageKey, type CycleUsage } from '../domain/cycle-usage.js';
import { JobStage } from '../domain/job.js';
import type { JobCluster } from '../ports/job-cluster.js';
import type { ObjectStore } from '../ports/object-store.js';
import { loadCycle } from './cycle-context.js';
import type { Ledger } from './ledger.js';
import { resourcesOf } from './plan-job.js';

export interface CostSources {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly jobCluster: JobCluster;
}

interface CycleName {
  readonly model: string;
  readonly cycle: number;
}

/**
 * Writes down what a cycle's jobs reserved, once: a cluster forgets its jobs. What fails here keeps no cycle from ending: it is
 * measured again when somebody asks.
 */
export async function recordCost(sources: CostSources, name: CycleName): Promise<void> {
  try {
    const usage = await measure(sources, name);
    await sources.store.createIfAbsent(usageKey(name.model, name.cycle), Buffer.from(JSON.stringify(usage)));
  } catch {
    return;
  }
}

/** What was written down, else what the cluster knows now. */
export async function costOf(sources: CostSources, { model, cycle }: CycleName): Promise<CycleUsage> {
  return (await readUsage((key) => sources.store.get(key), model, cycle)) ?? measure(sources, { model, cycle });
}

/** Cores (devices) times seconds of all attempts of all stages; one that runs counts up to now. */
async function measure(sources: CostSources, { model, cycle }: CycleName): Promise<CycleUsage> {
  const context = await loadCycle(sources, model, cycle);
  const usage = { cpuSeconds: 0, gpuSeconds: 0 };
  for (const stage of JobStage.options) {
    const { cpus, gpus } = resourcesOf(context, stage);
    for (let attempt = 1; ; attempt++) {
      const job = await sources.jobCluster.describe(`${model}-c${cycle}-${stage}-a${attempt}`);
      if (job === null) break;
      if (job.startedAt === null) continue;
      const seconds = Math.max(0, (Date.parse(job.endedAt ?? new Date().toISOString()) - Date.parse(job.startedAt)) / 1000);
      usage.cpuSeconds += cpus * seconds;
      usage.gpuSeconds += gpus * seconds;
    }
  }
  return { model, cycle, ...usage };
}
