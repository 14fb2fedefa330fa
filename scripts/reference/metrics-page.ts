import { METRICS, type MetricDefinition } from '../../src/domain/metric-definitions.js';
import { GENERATED, tableRow } from './markdown.js';

const SOURCES: Record<MetricDefinition['from'], readonly [heading: string, text: string]> = {
  ledger: [
    'The loop, from the ledgers',
    'Exported by every worker, and the same at all of them: take `max by (model, …)`, never `sum`, over workers. Counters begin with the first record of a ledger, so a worker that starts again changes nothing.',
  ],
  worker: ['What a worker counts', 'Since it started: take `sum` over workers, and `rate` or `increase` over time.'],
  monitor: ['What monitor runs found', 'Of the last run of each model, exported by every worker: take `max by (model, …)` over workers.'],
  modelServer: [
    'Model servers',
    'Exported by each server process. `ratchet up` adds the labels `model`, `version` and `replica` to its targets.',
  ],
};

const EXPLAINED = [
  'All of them are in Prometheus’ text format. Which address has what, and how to scrape them:',
  '[Monitor with Prometheus](../how-to/monitor-with-prometheus.md).',
  '',
  'Units stand in the names. A gauge that ends in `_timestamp_seconds` is a Unix time, so that its age is `time() - metric`; it is',
  'absent where there is nothing to tell. A histogram `x` is exported as `x_bucket`, `x_sum` and `x_count`.',
];

/** docs/reference/metrics.md */
export function metricsPage(): string {
  const all = Object.entries(METRICS) as [string, MetricDefinition][];
  const sections = (Object.keys(SOURCES) as MetricDefinition['from'][]).flatMap((source) => {
    const found = all.filter(([, { from }]) => from === source);
    const [heading, text] = SOURCES[source];
    if (found.length === 0) return [];
    const rows = found.map(([name, { kind, labels, help }]) =>
      tableRow([`\`${name}\``, kind, labels.map((label) => `\`${label}\``).join(', '), help]),
    );
    return [
      `## ${heading}`,
      '',
      text,
      '',
      tableRow(['metric', 'kind', 'labels', 'what']),
      tableRow(['---', '---', '---', '---']),
      ...rows,
      '',
    ];
  });
  return [GENERATED, '# Metrics', '', ...EXPLAINED, '', ...sections].join('\n');
}
