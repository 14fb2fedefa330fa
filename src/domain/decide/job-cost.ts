import type { Job } from '../job.js';
import type { Prices } from '../prices.js';
import type { Resources } from '../trainer-spec.js';

const SECONDS_PER_HOUR = 3600;

/**
 * What a job has cost so far. Pure. Cores and devices times the time from its start to its end or to now; where the cluster
 * bills machines, what it has billed and bills since.
 * @returns null: a machine without a price
 */
export function jobCost(prices: Prices, { cpus, gpus }: Resources, job: Job, nowMs: number): number | null {
  if (job.billed !== undefined) {
    const { seconds, since, machineType, machines } = job.billed;
    const perHour = prices.machineHour[machineType];
    const runningSeconds = since === null ? 0 : Math.max(0, nowMs - Date.parse(since)) / 1000;
    return perHour === undefined ? null : (perHour * machines * (seconds + runningSeconds)) / SECONDS_PER_HOUR;
  }
  if (job.startedAt === null) return 0;
  const endMs = job.endedAt === null ? nowMs : Date.parse(job.endedAt);
  const hours = Math.max(0, endMs - Date.parse(job.startedAt)) / 1000 / SECONDS_PER_HOUR;
  return hours * (cpus * prices.cpuHour + gpus * prices.gpuHour);
}
