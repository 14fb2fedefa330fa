import { RatchetError } from '../../domain/failure.js';
import type { Arm } from '../../domain/serving.js';
import type { ArmCounts } from '../../domain/traffic-window.js';
import type { CountersReading, MetricSource } from '../../ports/metric-source.js';
import { proxyCounts, proxyQuery } from './proxy-counts.js';
import { keyCounts, requestCounts, scoreCounts } from './replica-counts.js';
import { parseSamples } from './prometheus-text.js';
import type { Sample } from './prometheus-text.js';

export interface LocalMetricSourceOptions {
  /** Envoy's admin: `http://host:port`; null: whoever divides the requests counts for others, and the model servers count them. */
  readonly adminUrl: string | null;
  /** host:port of an instance's replicas, each with GET /metrics. */
  replicasOf(instance: string): Promise<readonly string[]>;
}

const answerMsMax = 3000;

/**
 * Requests and latencies from Envoy, scores and callers from the model servers.
 *
 * Latencies are those of answers that a model server gave: what Envoy answered itself (a timeout, no replica, too many
 * requests at once) is among `units` and `errors` alone. Without Envoy, what never reached a server is counted nowhere.
 */
export function createLocalMetricSource({ adminUrl, replicasOf }: LocalMetricSourceOptions): MetricSource {
  async function ofReplicas(instance: string, signal: AbortSignal): Promise<Sample[]> {
    const addresses = await replicasOf(instance).catch((error: unknown) => {
      throw unavailable(`replicas of instance ${instance}`, error);
    });
    // One that is away counts zero: the sum falls, and the reader drops that window.
    const pages = await Promise.all(addresses.map((address) => page(`http://${address}/metrics`, signal).catch(() => '')));
    signal.throwIfAborted();
    return pages.flatMap(parseSamples);
  }

  async function ofProxy(instances: readonly string[], signal: AbortSignal): Promise<Sample[]> {
    const text = await page(`${adminUrl}/stats/prometheus?${proxyQuery(instances)}`, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw unavailable(`Envoy at ${adminUrl}`, error);
    });
    return parseSamples(text);
  }

  return {
    async read(instances, unit, signal): Promise<CountersReading> {
      const arms = Object.entries(instances) as [Arm, string][];
      const names = arms.map(([, instance]) => instance);
      const [proxy, ...replicas] = await Promise.all([
        unit === 'request' && adminUrl !== null ? ofProxy(names, signal) : [],
        ...names.map((instance) => ofReplicas(instance, signal)),
      ]);
      const counts = arms.map(([arm, instance], at): [Arm, ArmCounts] => {
        const samples = replicas[at] ?? [];
        if (unit === 'key') return [arm, keyCounts(instance, samples)];
        if (adminUrl === null) return [arm, requestCounts(instance, samples)];
        return [arm, { ...proxyCounts(instance, proxy), ...scoreCounts(samples) }];
      });
      return { atMs: Date.now(), arms: Object.fromEntries(counts) };
    },
  };
}

async function page(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.text();
}

function unavailable(source: string, error: unknown): RatchetError {
  const { cause, message } = error instanceof Error ? error : new Error(String(error));
  const words = cause instanceof Error ? cause.message || message : message;
  return new RatchetError('MetricsUnavailable', `${source}: expected its metrics, found ${words}`, { cause: error });
}
