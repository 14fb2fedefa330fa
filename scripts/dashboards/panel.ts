import { METRICS, type MetricDefinition, type MetricName } from '../../src/domain/metric-definitions.js';

export interface Query {
  readonly expr: string;
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  readonly description: string;
  /** Grafana's name of the unit. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Whether it can be less than nothing; absent: it cannot. */
  readonly isSigned?: boolean;
}

const SIGNED: readonly MetricName[] = ['ratchet_model_decay_loss', 'ratchet_model_promise_distance', 'ratchet_model_kpi_mean'];

/** What a metric of ours looks like: a counter's growth, a gauge, a time as its age, a histogram's median and 95th percentile. */
export function panelOf(name: MetricName): Panel {
  const definition: MetricDefinition = METRICS[name];
  const { kind, help, from } = definition;
  const labels = from === 'modelServer' ? ['model', 'version', ...definition.labels] : [...definition.labels];
  const by = labels.length === 0 ? ['instance'] : labels;
  // The same at every worker, or a part of the whole.
  const fold = from === 'ledger' || from === 'monitor' ? 'max' : 'sum';
  const chosen = labels.includes('model') ? '{model=~"$model"}' : '';
  const legend = by.map((label) => `{{${label}}}`).join(' ');
  const panel = (unit: string, queries: readonly Query[]): Panel => ({
    title: titleOf(name),
    description: `${help} (${name})`,
    unit,
    queries,
    ...(SIGNED.includes(name) && { isSigned: true }),
  });
  const over = (labelNames: readonly string[], expr: string): string => `${fold} by (${labelNames.join(', ')}) (${expr})`;
  if (kind === 'histogram') {
    const quantile = (q: number): Query => ({
      expr: `histogram_quantile(${q}, ${over([...by, 'le'], `increase(${name}_bucket${chosen}[$__range])`)})`,
      legend: `p${q * 100} ${legend}`,
    });
    return panel('s', [quantile(0.5), quantile(0.95)]);
  }
  if (kind === 'counter') return panel('short', [{ expr: over(by, `increase(${name}${chosen}[$__rate_interval])`), legend }]);
  if (name.endsWith('_timestamp_seconds')) return panel('s', [{ expr: `time() - ${over(by, `${name}${chosen}`)}`, legend }]);
  return panel(unitOf(name), [{ expr: over(by, `${name}${chosen}`), legend }]);
}

function titleOf(name: string): string {
  const words = name.replace(/^ratchet_/, '').replace(/_(total|timestamp_seconds|seconds)$/, '');
  const title = words.replaceAll('_', ' ');
  return `${title[0]!.toUpperCase()}${title.slice(1)}${name.endsWith('_timestamp_seconds') ? ' ago' : ''}`;
}

function unitOf(name: string): string {
  if (name.includes('_percent')) return 'percent';
  if (name.includes('_seconds')) return 's';
  if (name.includes('_bytes')) return 'bytes';
  if (/_(ratio|share)(_|$)/.test(name)) return 'percentunit';
  return 'short';
}
