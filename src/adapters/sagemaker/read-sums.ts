import type { CloudWatch, GetMetricDataCommandInput, MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { RatchetError } from '../../domain/failure.js';
import { explainSageMakerError } from './sagemaker-error.js';
import type { AskedFor } from './sagemaker-error.js';
import { VARIANT_METRICS } from './variant-counts.js';
import type { Sums } from './variant-counts.js';

export const askedForMetrics: AskedFor = { unavailable: 'MetricsUnavailable', full: 'MetricsUnavailable', refused: 'MetricsUnavailable' };

export interface Variant {
  readonly endpoint: string;
  readonly name: string;
}

/** [fromMs, untilMs) in whole periods. */
export interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly periodSeconds: number;
}

/**
 * Reads what CloudWatch has of variants, all pages of it.
 * @returns per variant, in their order
 * @throws {RatchetError} MetricsUnavailable, AccessDenied: also where it gives a part alone, for a part may look like a success
 */
export async function readSums(
  client: () => Promise<CloudWatch>,
  variants: readonly Variant[],
  { fromMs, untilMs, periodSeconds }: Stretch,
  abortSignal: AbortSignal,
): Promise<Sums[]> {
  const found = variants.map(() => Object.fromEntries(VARIANT_METRICS.map((metric) => [metric, new Map<number, number>()])));
  if (variants.length === 0 || fromMs >= untilMs) return found as unknown as Sums[];
  const queries = variants.flatMap((variant, at) => VARIANT_METRICS.map((metric, index) => queryOf(variant, metric, at, index)));
  const states = new Map<string, string>();
  for (let NextToken: string | undefined; ;) {
    const page = await ask({
      MetricDataQueries: queries,
      StartTime: new Date(fromMs),
      EndTime: new Date(untilMs),
      ScanBy: 'TimestampAscending',
      ...(NextToken && { NextToken }),
    });
    for (const { Id = '', StatusCode = '', Timestamps = [], Values = [] } of page.MetricDataResults ?? []) {
      const [, at, index] = /^v(\d+)m(\d+)$/.exec(Id) ?? [];
      const sums = found[Number(at)]?.[VARIANT_METRICS[Number(index)]!];
      Timestamps.forEach((time, point) => sums?.set(time.getTime(), Values[point] ?? 0));
      states.set(Id, StatusCode);
    }
    if (!(NextToken = page.NextToken)) break;
  }
  const partial = queries.find(({ Id }) => states.get(Id!) !== 'Complete');
  if (partial === undefined) return found as unknown as Sums[];
  const { Metric } = partial.MetricStat!;
  throw new RatchetError(
    'MetricsUnavailable',
    `CloudWatch ${Metric!.MetricName} of ${variants[0]!.endpoint}: expected all of it, found ${states.get(partial.Id!) ?? 'no answer'}`,
    { remedy: 'nothing where it passes; else look at the state of CloudWatch in this Region' },
  );

  function queryOf({ endpoint, name }: Variant, MetricName: string, at: number, index: number): MetricDataQuery {
    const Dimensions = [
      { Name: 'EndpointName', Value: endpoint },
      { Name: 'VariantName', Value: name },
    ];
    const Metric = { Namespace: 'AWS/SageMaker', MetricName, Dimensions };
    return { Id: `v${at}m${index}`, MetricStat: { Metric, Period: periodSeconds, Stat: 'Sum' } };
  }

  async function ask(input: GetMetricDataCommandInput) {
    try {
      return await (await client()).getMetricData(input, { abortSignal });
    } catch (error) {
      abortSignal.throwIfAborted();
      throw explainSageMakerError(error, 'CloudWatch GetMetricData', askedForMetrics);
    }
  }
}
