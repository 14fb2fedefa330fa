import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { METRICS, type MetricDefinition, type MetricName, type Sample } from '../../domain/metric-definitions.js';

/** Counts and shows; the one place that knows the metrics library. */
export interface Meter {
  /** A counter grows, a histogram gets one observation, a gauge is set. */
  record(sample: Sample): void;
  /** What holds now: gauges that are not among them are gone. Gauges of other sources stay. */
  replaceGauges(from: MetricDefinition['from'], samples: readonly Sample[]): void;
  /** In Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

type Metric = Counter | Gauge | Histogram;

export function createMeter(): Meter {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const exported = (Object.entries(METRICS) as [MetricName, MetricDefinition][]).filter(([, { from }]) => from !== 'modelServer');
  const metrics = new Map<MetricName, Metric>(exported.map(([name, definition]) => [name, metricOf(registry, name, definition)]));
  return { record, replaceGauges, text: () => registry.metrics(), contentType: registry.contentType };

  function record({ name, labels, value }: Sample): void {
    const metric = metrics.get(name);
    if (metric instanceof Counter) metric.inc(labels, value);
    if (metric instanceof Histogram) metric.observe(labels, value);
    if (metric instanceof Gauge) metric.set(labels, value);
  }

  function replaceGauges(from: MetricDefinition['from'], samples: readonly Sample[]): void {
    for (const [name, definition] of exported) {
      const metric = metrics.get(name);
      if (definition.from === from && metric instanceof Gauge) metric.reset();
    }
    samples.forEach(record);
  }
}

function metricOf(registry: Registry, name: string, { kind, help, labels, bucketsSeconds }: MetricDefinition): Metric {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  if (kind === 'counter') return new Counter(options);
  if (kind === 'gauge') return new Gauge(options);
  return new Histogram({ ...options, buckets: [...(bucketsSeconds ?? [])] });
}
