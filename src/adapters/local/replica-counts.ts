import { RatchetError } from '../../domain/failure.js';
import { LATENCY_EDGES_MS, SCORE_BINS } from '../../domain/latency-edges.js';
import type { ArmCounts } from '../../domain/traffic-window.js';
import { bucketCounts, sumOf } from './prometheus-text.js';
import type { Sample } from './prometheus-text.js';

/** The scores that an instance's replicas gave, summed. */
export function scoreCounts(samples: readonly Sample[]): Pick<ArmCounts, 'scores' | 'scoreSum'> {
  return { scores: bins(samples, 'ratchet_serve_scores_total'), scoreSum: sumOf(samples, 'ratchet_serve_score_sum') };
}

/** Requests, as an instance's replicas counted them: those that reached one, and how long it took within. */
export function requestCounts(instance: string, samples: readonly Sample[]): ArmCounts {
  return {
    units: sumOf(samples, 'ratchet_serve_requests_total'),
    errors: sumOf(samples, 'ratchet_serve_errors_total'),
    latency: latencyOf(instance, samples, 'ratchet_serve_latency_seconds_bucket'),
    ...scoreCounts(samples),
  };
}

/** Callers, each once, as an instance's replicas counted them. */
export function keyCounts(instance: string, samples: readonly Sample[]): ArmCounts {
  return {
    units: sumOf(samples, 'ratchet_serve_keys_total'),
    errors: sumOf(samples, 'ratchet_serve_keys_with_errors_total'),
    latency: latencyOf(instance, samples, 'ratchet_serve_key_latency_seconds_bucket'),
    scores: bins(samples, 'ratchet_serve_key_scores_total'),
    scoreSum: sumOf(samples, 'ratchet_serve_key_score_sum'),
  };
}

function latencyOf(instance: string, samples: readonly Sample[], histogram: string): number[] {
  // Seconds, as Prometheus wants them; milliseconds here. Rounded: 0.0005 s is 0.5 ms, not 0.49999.
  const buckets = samples
    .filter(({ name }) => name === histogram)
    .map((sample) => ({ ...sample, labels: { ...sample.labels, le: milliseconds(sample.labels['le'] ?? '') } }));
  const latency = bucketCounts(buckets, LATENCY_EDGES_MS);
  if (latency !== null) return latency;
  throw new RatchetError('MetricsUnavailable', `replicas of instance ${instance}: expected Ratchet’s latency buckets, found others`, {
    remedy: 'serve all replicas with the model server of this release',
  });
}

function bins(samples: readonly Sample[], name: string): number[] {
  return Array.from({ length: SCORE_BINS }, (_, bin) => sumOf(samples, name, { bin: String(bin) }));
}

function milliseconds(le: string): string {
  return le === '+Inf' ? le : String(Number((Number(le) * 1000).toFixed(6)));
}
