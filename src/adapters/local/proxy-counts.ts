import { RatchetError } from '../../domain/failure.js';
import { LATENCY_EDGES_MS } from '../../domain/latency-edges.js';
import type { ArmCounts } from '../../domain/traffic-window.js';
import { bucketCounts, sumOf } from './prometheus-text.js';
import type { Sample } from './prometheus-text.js';

/** Only these: a page with all of Envoy's statistics is hundreds of times as long. */
export function proxyQuery(instances: readonly string[]): string {
  return `filter=${encodeURIComponent(`^cluster\\.(${instances.join('|')})\\.upstream_rq_(completed|2xx|time)$`)}`;
}

/**
 * What Envoy counted for an instance, mirrored requests included. `upstream_rq_completed` holds each request once, whoever
 * answered it and however often it was tried; also 503 for want of a replica or over the circuit breaker, and 504.
 */
export function proxyCounts(instance: string, samples: readonly Sample[]): Pick<ArmCounts, 'units' | 'errors' | 'latency'> {
  const cluster = { envoy_cluster_name: instance };
  const units = sumOf(samples, 'envoy_cluster_upstream_rq_completed', cluster);
  const good = sumOf(samples, 'envoy_cluster_upstream_rq_xx', { ...cluster, envoy_response_code_class: '2' });
  const histogram = samples.filter(
    ({ name, labels }) => name === 'envoy_cluster_upstream_rq_time_bucket' && labels['envoy_cluster_name'] === instance,
  );
  const latency = bucketCounts(histogram, LATENCY_EDGES_MS);
  if (latency === null)
    throw new RatchetError('MetricsUnavailable', 'Envoy: expected latency buckets with the edges of its bootstrap, found others', {
      remedy: 'start Envoy with the bootstrap that `ratchet up` writes',
    });
  return { units, errors: Math.max(0, units - good), latency };
}
