import { z } from 'zod';
import { RatchetError } from '../../domain/failure.js';
import { LATENCY_EDGES_MS, SCORE_BINS } from '../../domain/latency-edges.js';
import type { Arm } from '../../domain/serving.js';
import type { ArmCounts } from '../../domain/traffic-window.js';
import type { MetricSource } from '../../ports/metric-source.js';
import { bucketsOf, parsePrometheus, valueOf, type Sample } from './prometheus-text.js';

export interface LocalMetricSourceOptions {
  readonly adminUrl: string;
  /** host:port of an instance's replicas. */
  readonly addressesOf: (instance: string) => Promise<readonly string[]>;
}

const ASK_MS = 2000;
const Stats = z.object({
  stats: z.array(
    z.object({
      name: z.string().optional(),
      value: z.number().optional(),
      histograms: z
        .array(z.object({ name: z.string(), buckets: z.array(z.object({ upper_bound: z.number(), cumulative: z.number() })) }))
        .optional(),
    }),
  ),
});
type Stats = z.infer<typeof Stats>['stats'];

/**
 * Requests, errors and latency as the proxy counts them (what it answered in a version's place is that version's error),
 * scores as the model servers do. Callers, each once, only the model servers know.
 *
 * A proxy or a server that was started again counts from zero: its numbers fall.
 */
export function createLocalMetricSource({ adminUrl, addressesOf }: LocalMetricSourceOptions): MetricSource {
  return {
    async read(instances, unit, signal) {
      const named = Object.entries(instances) as [Arm, string][];
      const stats =
        unit === 'request'
          ? await proxyStats(
              adminUrl,
              named.map(([, name]) => name),
              signal,
            )
          : [];
      const counted = await Promise.all(
        named.map(async ([arm, name]): Promise<[Arm, ArmCounts]> => {
          const samples = await serverSamples(await addressesOf(name), signal);
          return [arm, unit === 'request' ? requestCounts(name, stats, samples) : keyCounts(samples)];
        }),
      );
      return { atMs: Date.now(), arms: Object.fromEntries(counted) };
    },
  };
}

async function proxyStats(adminUrl: string, names: readonly string[], signal: AbortSignal): Promise<Stats> {
  const filter = encodeURIComponent(`^cluster\\.(${names.join('|')})\\.upstream_rq_(time|[2345]xx)$`);
  try {
    const url = `${adminUrl}/stats?format=json&histogram_buckets=cumulative&filter=${filter}`;
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]) });
    return Stats.parse(await response.json()).stats;
  } catch (error) {
    throw new RatchetError(
      'MetricsUnavailable',
      `the proxy’s metrics at ${adminUrl}: ${error instanceof Error ? error.message : String(error)}`,
      {
        remedy: 'ratchet status says whether the proxy runs',
      },
    );
  }
}

/** A server that is away has no scores to tell; its errors stand in the proxy. */
async function serverSamples(addresses: readonly string[], signal: AbortSignal): Promise<Sample[]> {
  const texts = await Promise.all(
    addresses.map(async (address) => {
      try {
        const response = await fetch(`http://${address}/metrics`, { signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]) });
        return response.ok ? await response.text() : '';
      } catch {
        return '';
      }
    }),
  );
  return texts.flatMap(parsePrometheus);
}

function requestCounts(name: string, stats: Stats, samples: readonly Sample[]): ArmCounts {
  const count = (code: string): number => stats.find((stat) => stat.name === `cluster.${name}.upstream_rq_${code}`)?.value ?? 0;
  const errors = count('3xx') + count('4xx') + count('5xx');
  const histogram = stats.flatMap(({ histograms }) => histograms ?? []).find((found) => found.name === `cluster.${name}.upstream_rq_time`);
  const cumulative = LATENCY_EDGES_MS.map((edge) => histogram?.buckets.find(({ upper_bound }) => upper_bound === edge)?.cumulative ?? 0);
  const units = errors + count('2xx');
  return {
    units,
    errors,
    latency: perBucket(cumulative, Math.max(cumulative.at(-1) ?? 0, units)),
    ...scoresOf(samples, 'ratchet_serve_scores_total', 'ratchet_serve_score_sum'),
  };
}

function keyCounts(samples: readonly Sample[]): ArmCounts {
  const units = valueOf(samples, 'ratchet_serve_keys_total');
  const buckets = bucketsOf(samples, 'ratchet_serve_key_latency_seconds');
  const cumulative = LATENCY_EDGES_MS.map((edge) => buckets.get(edge) ?? 0);
  return {
    units,
    errors: valueOf(samples, 'ratchet_serve_keys_with_errors_total'),
    latency: perBucket(cumulative, Math.max(cumulative.at(-1) ?? 0, units)),
    ...scoresOf(samples, 'ratchet_serve_key_scores_total', 'ratchet_serve_key_score_sum'),
  };
}

function scoresOf(samples: readonly Sample[], bins: string, total: string): Pick<ArmCounts, 'scores' | 'scoreSum'> {
  const scores = Array.from({ length: SCORE_BINS }, (_, bin) => valueOf(samples, bins, { bin: String(bin) }));
  return { scores, scoreSum: valueOf(samples, total) };
}

/** The last bucket is open. */
function perBucket(cumulative: readonly number[], total: number): number[] {
  return [...cumulative, total].map((count, bucket) => Math.max(0, count - (bucket === 0 ? 0 : cumulative[bucket - 1]!)));
}
