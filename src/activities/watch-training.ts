import { jobCost } from '../domain/decide/job-cost.js';
import type { JobWatch } from '../domain/decide/job-watch.js';
import { stopRule } from '../domain/decide/stop-rule.js';
import { RatchetError } from '../domain/failure.js';
import type { Job, JobStage } from '../domain/job.js';
import type { Prices } from '../domain/prices.js';
import type { TrainerSpec } from '../domain/trainer-spec.js';
import type { JobCluster } from '../ports/job-cluster.js';
import { loadCycle } from './cycle-context.js';
import type { Ledger } from './ledger.js';
import type { ObjectStore } from '../ports/object-store.js';

/** Whose job is watched; absent in what was scheduled before there were rules. */
export interface WatchRequest {
  readonly model: string;
  readonly cycle: number;
  readonly stage: JobStage;
  readonly attempt: number;
}

interface Sources {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly jobCluster: JobCluster;
  readonly prices: Prices | null;
}

export function isTraining(stage: JobStage): boolean {
  return stage === 'train' || stage === 'refit';
}

/**
 * Looks at a training, time and again, whether its model file lets it go on.
 * @param beat called while what earlier attempts cost is asked for, which may take a while
 * @returns a check that throws what it is to be stopped for. The workflow stops it: SIGTERM first, so it checkpoints
 */
export async function trainingCheck(
  sources: Sources,
  jobName: string,
  request: WatchRequest | undefined,
  beat: () => void,
): Promise<(job: Job, watch: JobWatch, nowMs: number) => void> {
  if (request === undefined || !isTraining(request.stage)) return () => undefined;
  const { trainer } = (await loadCycle(sources, request.model, request.cycle)).spec.spec;
  const spentBefore = trainer.stop?.costMax === undefined ? 0 : await costBefore(sources, trainer, jobName, request.attempt, beat);
  return (job, watch, nowMs) => {
    const startedAtMs = job.startedAt === null ? null : Date.parse(job.startedAt);
    const stop = stopRule(trainer.stop, { watch, startedAtMs, progressReadMs: progressReadMs(job, nowMs), cost: costNow(job, nowMs) });
    if (stop !== null) throw new RatchetError(stop.type, `job ${jobName}: ${stop.message}`, { remedy: stop.remedy });
  };

  function costNow(job: Job, nowMs: number): { amount: number; currency: string } | null {
    if (trainer.stop?.costMax === undefined) return null;
    const prices = pricesOf(sources.prices, trainer);
    return { amount: spentBefore + costOf(prices, trainer, job, nowMs), currency: prices.currency };
  }
}

function progressReadMs({ progressReadAt }: Job, nowMs: number): number | null {
  if (progressReadAt === undefined) return nowMs;
  return progressReadAt === null ? null : Date.parse(progressReadAt);
}

/** Where a limit is set, nobody trains without knowing what it costs, on any machine that it may get. @throws {RatchetError} JobSpecInvalid */
export function needPrices(prices: Prices | null, trainer: TrainerSpec): void {
  const { machineHour } = pricesOf(prices, trainer);
  const { cluster, resources } = trainer;
  if (cluster?.kind !== 'sagemaker') return;
  // From the first that holds it to the first that holds it after it has starved: no other is ever taken.
  const { cpus, memoryMiB, memoryMiBMax = memoryMiB, gpus } = resources;
  const holding = cluster.machines.filter((machine) => machine.cpus >= cpus && machine.memoryMiB >= memoryMiB && machine.gpus >= gpus);
  const last = holding.findIndex((machine) => machine.memoryMiB >= memoryMiBMax);
  const unpriced = holding.slice(0, last < 0 ? undefined : last + 1).find(({ type }) => !Object.hasOwn(machineHour, type));
  if (unpriced !== undefined) throw priceMissing(unpriced.type);
}

function pricesOf(prices: Prices | null, { stop }: TrainerSpec): Prices {
  if (prices !== null) return prices;
  throw new RatchetError(
    'JobSpecInvalid',
    `trainer.stop.costMax: ${stop?.costMax} can only be kept with prices, expected them in prices.yaml, found no such file`,
    { remedy: 'write prices.yaml in the home of every worker, start it again, then: ratchet retry' },
  );
}

async function costBefore(
  { jobCluster, prices }: Sources,
  trainer: TrainerSpec,
  jobName: string,
  attempt: number,
  beat: () => void,
): Promise<number> {
  let cost = 0;
  for (let before = 1; before < attempt; before++) {
    beat();
    const job = await jobCluster.describe(jobName.replace(/-a\d+$/, `-a${before}`));
    if (job !== null) cost += costOf(pricesOf(prices, trainer), trainer, job, Date.now());
  }
  return cost;
}

function costOf(prices: Prices, { resources }: TrainerSpec, job: Job, nowMs: number): number {
  const cost = jobCost(prices, resources, job, nowMs);
  if (cost !== null) return cost;
  throw priceMissing(job.billed?.machineType);
}

function priceMissing(machineType: string | undefined): RatchetError {
  return new RatchetError('JobSpecInvalid', `prices.yaml, field machineHour: expected a price of ${machineType}, found none`, {
    remedy: 'add it in the home of every worker, start it again, then: ratchet retry',
  });
}
