import { METRICS, type MetricDefinition, type MetricName } from '../../src/domain/metric-definitions.js';
import { FOREIGN_METRICS, type ForeignMetric } from './foreign-metrics.js';
import { panelOf, type Panel } from './panel.js';

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** The dashboards by file name, as they should stand in deploy/grafana: every metric of ours has its panel. */
export function dashboards(): Readonly<Record<string, string>> {
  const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  return {
    'ratchet-loop.json': asJson(
      dashboard('ratchet-loop', 'Ratchet: the loop', [
        { title: 'What the ledgers say', panels: ownPanels('ledger') },
        { title: 'What monitor runs found', panels: ownPanels('monitor') },
      ]),
    ),
    'ratchet-serving.json': asJson(
      dashboard('ratchet-serving', 'Ratchet: serving', [
        { title: 'Envoy', panels: envoyPanels() },
        { title: 'Model servers', panels: ownPanels('modelServer') },
      ]),
    ),
    'ratchet-machinery.json': asJson(
      dashboard('ratchet-machinery', 'Ratchet: workers and Temporal', [
        { title: 'What workers count', panels: ownPanels('worker') },
        { title: 'Workers and Temporal', panels: machineryPanels() },
      ]),
    ),
  };
}

function ownPanels(source: MetricDefinition['from']): Panel[] {
  return (Object.keys(METRICS) as MetricName[]).filter((name) => METRICS[name].from === source).map(panelOf);
}

function foreign(name: ForeignMetric, title: string, unit: string, legend: string, expr: (name: ForeignMetric) => string): Panel {
  return { title, description: `${FOREIGN_METRICS[name]} (${name})`, unit, queries: [{ expr: expr(name), legend }] };
}

function envoyPanels(): Panel[] {
  const cluster = '{{envoy_cluster_name}}';
  return [
    foreign(
      'envoy_cluster_upstream_rq_completed',
      'Requests per second, by version',
      'reqps',
      cluster,
      (name) => `sum by (envoy_cluster_name) (rate(${name}[$__rate_interval]))`,
    ),
    foreign(
      'envoy_cluster_upstream_rq_xx',
      'Answers per second, by version and class',
      'reqps',
      `${cluster} {{envoy_response_code_class}}xx`,
      (name) => `sum by (envoy_cluster_name, envoy_response_code_class) (rate(${name}[$__rate_interval]))`,
    ),
    foreign(
      'envoy_cluster_upstream_rq_time_bucket',
      'Latency p99, by version',
      'ms',
      cluster,
      (name) => `histogram_quantile(0.99, sum by (envoy_cluster_name, le) (rate(${name}[$__rate_interval])))`,
    ),
    foreign(
      'envoy_cluster_membership_healthy',
      'Model servers that get requests',
      'short',
      cluster,
      (name) => `sum by (envoy_cluster_name) (${name})`,
    ),
  ];
}

function machineryPanels(): Panel[] {
  const slots = '{{task_queue}} {{worker_type}}';
  const p99 = (by: string) => (name: string) => `histogram_quantile(0.99, sum by (${by}, le) (rate(${name}[$__rate_interval])))`;
  return [
    foreign('up', 'Targets that answer', 'short', '{{job}} {{instance}}', (name) => name),
    foreign('process_resident_memory_bytes', 'Memory', 'bytes', '{{instance}}', (name) => `${name}{job="ratchet-worker"}`),
    foreign('nodejs_eventloop_lag_p99_seconds', 'Event loop lag p99', 's', '{{instance}}', (name) => name),
    foreign('temporal_worker_task_slots_available', 'Free slots', 'short', slots, (name) => `sum by (task_queue, worker_type) (${name})`),
    foreign('temporal_worker_task_slots_used', 'Taken slots', 'short', slots, (name) => `sum by (task_queue, worker_type) (${name})`),
    foreign(
      'temporal_activity_schedule_to_start_latency_bucket',
      'Activities wait for a worker, p99',
      's',
      '{{task_queue}}',
      p99('task_queue'),
    ),
    foreign('temporal_workflow_task_execution_latency_bucket', 'Workflow tasks, p99', 's', '{{workflow_type}}', p99('workflow_type')),
    foreign(
      'temporal_request',
      'Requests of workers to Temporal, per second',
      'reqps',
      '{{operation}}',
      (name) => `sum by (operation) (rate(${name}[$__rate_interval]))`,
    ),
    foreign(
      'service_requests',
      'Requests to Temporal per second',
      'reqps',
      '{{operation}}',
      (name) => `sum by (operation) (rate(${name}{service_name="frontend"}[$__rate_interval]))`,
    ),
    foreign('persistence_latency_bucket', 'Temporal’s database, p99', 's', '{{operation}}', p99('operation')),
  ];
}

const WIDTH = 8;
const HEIGHT = 8;

function dashboard(uid: string, title: string, rows: readonly Row[]): unknown {
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  const panels: unknown[] = [];
  let y = 0;
  for (const row of rows.filter((candidate) => candidate.panels.length > 0)) {
    panels.push({ id: panels.length + 1, type: 'row', title: row.title, collapsed: false, panels: [], gridPos: { x: 0, y, w: 24, h: 1 } });
    y += 1;
    for (const [index, { title: panelTitle, description, unit, queries, isSigned = false }] of row.panels.entries()) {
      panels.push({
        id: panels.length + 1,
        type: 'timeseries',
        title: panelTitle,
        description,
        datasource,
        gridPos: { x: (index % 3) * WIDTH, y: y + Math.floor(index / 3) * HEIGHT, w: WIDTH, h: HEIGHT },
        fieldConfig: { defaults: { unit, ...(isSigned ? {} : { min: 0 }) }, overrides: [] },
        targets: queries.map(({ expr, legend }, at) => ({ refId: String.fromCharCode(65 + at), datasource, expr, legendFormat: legend })),
      });
    }
    y += Math.ceil(row.panels.length / 3) * HEIGHT;
  }
  const variable = { name: 'model', type: 'query', datasource, query: 'label_values(ratchet_cycle_open, model)', refresh: 2 };
  return {
    uid,
    title,
    tags: ['ratchet'],
    schemaVersion: 39,
    timezone: 'browser',
    refresh: '30s',
    time: { from: 'now-24h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus' },
        { ...variable, includeAll: true, multi: true, current: { text: 'All', value: '$__all' } },
      ],
    },
    panels,
  };
}
