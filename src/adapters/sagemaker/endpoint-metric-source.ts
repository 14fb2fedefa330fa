import { RatchetError } from '../../domain/failure.js';
import { LATENCY_EDGES_MS, SCORE_BINS } from '../../domain/latency-edges.js';
import type { Arm } from '../../domain/serving.js';
import type { ArmCounts } from '../../domain/traffic-window.js';
import type { MetricSource } from '../../ports/metric-source.js';
import { askingFor } from './endpoint-api.js';
import { askedForMetrics, readSums } from './read-sums.js';
import type { Variant } from './read-sums.js';
import { lazyCloudWatch, lazySageMaker } from './sagemaker-client.js';
import { servedModels } from './served-model.js';
import type { ServedModel, ServingAccount } from './served-model.js';
import { addCounts, halfTold, noCounts } from './variant-counts.js';
import type { VariantCounts } from './variant-counts.js';

export interface SageMakerMetricSourceOptions extends ServingAccount {
  /** So long after its end a period is taken for whole. What comes later still is counted with the next reading. */
  readonly lagSeconds: number;
  /** AWS_REGION, AWS_ENDPOINT_URL_SAGEMAKER, AWS_ENDPOINT_URL_CLOUDWATCH, and the credentials as the SDK finds them. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Milliseconds since 1970; absent: the clock's. */
  now?(): number;
}

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];
/** A period that is told by halves for so long stays so. */
const HALF_TOLD_MS_MAX = 15 * MINUTE_MS;
/** Hours that ended so long before are read as hours and days, and once. */
const SETTLES_MS = 3 * HOUR_MS;
/** Periods below a minute are read for so long as such; CloudWatch keeps them for three hours. */
const FINE_MS = 20 * MINUTE_MS;
/** One that was retired and made anew under its name is known as such by then. */
const FOUND_MS_MAX = 5 * MINUTE_MS;
/** CloudWatch keeps days for 455: then counting begins anew, as that of a server that was started again. */
const COUNTED_DAYS_MAX = 400;

/**
 * Requests and errors of variants, as SageMaker tells CloudWatch. Each reading adds up all periods since the day on which the
 * instance was made, so that any worker reads the same; it says until when that is. Latencies and scores are not there to be had as
 * histograms, and stay zero: nothing is judged by them. See docs/adr/0022-cloudwatch-counts-requests-and-errors.md.
 */
export function createSageMakerMetricSource(options: SageMakerMetricSourceOptions): MetricSource {
  const { lagSeconds, environment = process.env, now = Date.now } = options;
  const models = servedModels(askingFor(lazySageMaker(environment), askedForMetrics), options);
  const client = lazyCloudWatch(environment);
  /** What nobody can edit need not be asked at each look. */
  const found = new Map<string, { readonly served: ServedModel; readonly atMs: number }>();
  /** Of the hours and days before, by variant. */
  const settled = new Map<string, { readonly fromMs: number; readonly untilMs: number; readonly counts: VariantCounts }>();

  return {
    async read(instances, unit, signal) {
      if (unit === 'key')
        throw new RatchetError('MetricsUnavailable', 'CloudWatch: expected callers, each counted once, found counts of requests alone', {
          remedy: 'write rollout.unit: request',
        });
      const arms = Object.entries(instances) as [Arm, string][];
      const served = await Promise.all(arms.map(([, instance]) => find(instance)));
      const { atMs, counts } = await countsOf(served, signal);
      return { atMs, arms: Object.fromEntries(arms.map(([arm], at) => [arm, armCounts(counts[at]!)])) };
    },
  };

  async function find(instance: string): Promise<ServedModel> {
    const before = found.get(instance);
    if (before !== undefined && now() - before.atMs < FOUND_MS_MAX) return before.served;
    const served = await models.find(instance);
    if (served !== null) {
      found.set(instance, { served, atMs: now() });
      return served;
    }
    throw new RatchetError('MetricsUnavailable', `instance ${instance}: expected a model of SageMaker to count requests of, found none`);
  }

  async function countsOf(served: readonly ServedModel[], signal: AbortSignal): Promise<{ atMs: number; counts: VariantCounts[] }> {
    const nowMs = now();
    // Versions that tell at different paces are read at the slowest.
    const periodSeconds = Math.max(10, ...served.map(({ shape }) => shape.metricsSeconds));
    const periodMs = periodSeconds * 1000;
    const endMs = floor(nowMs - lagSeconds * 1000, periodMs);
    const settledMs = floor(endMs - SETTLES_MS, HOUR_MS);
    const fineMs = periodMs < MINUTE_MS ? floor(endMs - FINE_MS, MINUTE_MS) : settledMs;
    const variants = served.map(({ endpoint, variant: { name } }): Variant => ({ endpoint, name }));
    const before = await Promise.all(served.map((one, at) => settledCounts(one, variants[at]!, settledMs, signal)));
    const minutes = await readSums(client, variants, { fromMs: settledMs, untilMs: fineMs, periodSeconds: 60 }, signal);
    const fine = await readSums(client, variants, { fromMs: fineMs, untilMs: endMs, periodSeconds }, signal);
    const isYoung = (begin: number): boolean => nowMs - begin - periodMs < HALF_TOLD_MS_MAX;
    const atMs = Math.min(endMs, ...fine.flatMap(halfTold).filter(isYoung));
    const counts = before.map((counted, at) => {
      const bornMs = floor(served[at]!.createdMs, DAY_MS); // one that had the name before is none of it
      return addCounts(addCounts(counted, minutes[at]!, bornMs, fineMs), fine[at]!, bornMs, atMs);
    });
    return { atMs, counts };
  }

  async function settledCounts({ createdMs }: ServedModel, variant: Variant, untilMs: number, signal: AbortSignal): Promise<VariantCounts> {
    const bornMs = floor(createdMs, DAY_MS);
    const fromMs = bornMs + floor(Math.max(0, untilMs - bornMs), COUNTED_DAYS_MAX * DAY_MS);
    const key = `${variant.endpoint}/${variant.name}`;
    const known = settled.get(key);
    if (known?.fromMs === fromMs && known.untilMs === untilMs) return known.counts;
    const dayMs = Math.max(fromMs, floor(untilMs, DAY_MS));
    const [days] = await readSums(client, [variant], { fromMs, untilMs: dayMs, periodSeconds: DAY_MS / 1000 }, signal);
    const [hours] = await readSums(client, [variant], { fromMs: dayMs, untilMs, periodSeconds: HOUR_MS / 1000 }, signal);
    const counts = addCounts(addCounts(noCounts, days!, fromMs, dayMs), hours!, dayMs, untilMs);
    settled.set(key, { fromMs, untilMs, counts });
    return counts;
  }
}

function armCounts({ requests, errors }: VariantCounts): ArmCounts {
  const none = (length: number): number[] => Array<number>(length).fill(0);
  return { units: requests, errors, latency: none(LATENCY_EDGES_MS.length + 1), scores: none(SCORE_BINS), scoreSum: 0 };
}

function floor(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs;
}
