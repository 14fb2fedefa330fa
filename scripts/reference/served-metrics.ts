import { METRICS, type MetricDefinition } from '../../src/domain/metric-definitions.js';

/** What the model server, which is Python, says of each of its metrics. */
export function servedMetrics(): Readonly<Record<string, string>> {
  const served = (Object.entries(METRICS) as [string, MetricDefinition][]).filter(([, { from }]) => from === 'modelServer');
  const described = Object.fromEntries(served.map(([name, { kind, help }]) => [name, { kind, help }]));
  return { 'metric_definitions.json': `${JSON.stringify(described, null, 2)}\n` };
}
