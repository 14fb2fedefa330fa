import type { FindingKind, FindingState } from '../../finding.js';
import type { Sample } from '../../metric-definitions.js';
import type { MonitoredWindow } from '../../monitoring.js';

const DAY_SECONDS = 86_400;
const STATES: readonly FindingState[] = ['ok', 'found', 'inconclusive', 'provisional'];

/** Findings whose observed number is a metric of its own, and what it is multiplied by to have the unit of its name. */
const OBSERVED = {
  traffic: ['ratchet_model_window_predictions', 1],
  dataDrift: ['ratchet_model_drifted_features_ratio', 1],
  predictionDrift: ['ratchet_model_prediction_drift_distance', 1],
  dataQuality: ['ratchet_model_data_faults', 1],
  skew: ['ratchet_model_skewed_answers_ratio', 1],
  serviceLevel: ['ratchet_model_latency_p99_seconds', 1 / 1000],
  staleness: ['ratchet_model_training_age_seconds', DAY_SECONDS],
  newData: ['ratchet_model_new_labelled_rows', 1],
  calibration: ['ratchet_model_calibration_gap', 1],
} as const satisfies Partial<Record<FindingKind, readonly [name: Sample['name'], factor: number]>>;

/** Those whose unit is the metric that the spec compares. */
const IN_QUALITY_METRIC = { decay: 'ratchet_model_decay_loss', promise: 'ratchet_model_promise_distance' } as const;

/** What the last judged window of a model says. Pure. What was not measured has no sample. */
export function monitorMetrics({ model, window, findings, requests, qualityMetric, kpis }: MonitoredWindow): Sample[] {
  const samples: Sample[] = [
    { name: 'ratchet_model_monitored_timestamp_seconds', labels: { model }, value: Date.parse(window.end) / 1000 },
  ];
  for (const { kind, state, observed } of findings) {
    for (const one of STATES)
      samples.push({ name: 'ratchet_model_finding', labels: { model, finding: kind, state: one }, value: one === state ? 1 : 0 });
    if (kind === 'kpi' || kind === 'errors' || observed === null) continue;
    if (kind === 'decay' || kind === 'promise') {
      samples.push({ name: IN_QUALITY_METRIC[kind], labels: { model, metric: qualityMetric ?? '' }, value: observed });
      continue;
    }
    const [name, factor] = OBSERVED[kind];
    samples.push({ name, labels: { model }, value: observed * factor });
  }
  for (const { name, mean } of kpis ?? []) samples.push({ name: 'ratchet_model_kpi_mean', labels: { model, kpi: name }, value: mean });
  for (const { arm, version, requests: asked, errors } of requests?.arms ?? []) {
    const labels = { model, arm, version };
    samples.push({ name: 'ratchet_model_window_requests', labels, value: asked });
    samples.push({ name: 'ratchet_model_errors_ratio', labels, value: errors / asked });
  }
  return samples;
}
