import { LATENCY_EDGES_MS } from './latency-edges.js';

/** The unit stands last in the name, before `_total`. A gauge of a model that ends in `_timestamp_seconds` is absent where there is nothing to tell. */
export interface MetricDefinition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /**
   * ledger: derived from the ledgers by each worker, so the same at all of them: take `max`, never `sum`, over workers.
   * worker: counted in the activities of one worker since it started: take `sum`.
   * monitor: of the last monitor run of a model, exported by each worker: take `max`.
   * modelServer: counted by one model server since it started (steps/ratchet_serve/metrics.py).
   */
  readonly from: 'ledger' | 'worker' | 'monitor' | 'modelServer';
  /** Of a histogram. */
  readonly bucketsSeconds?: readonly number[];
}

const LATENCY_SECONDS = LATENCY_EDGES_MS.map((edgeMs) => edgeMs / 1000);
const JOB_SECONDS = [1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400];
const CYCLE_SECONDS = [60, 300, 900, 3600, 14_400, 86_400, 259_200, 604_800, 2_592_000];
const TURN_BACK_SECONDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300];

/**
 * Every metric that Ratchet exports, once. A line here is all that a new one needs besides its samples: the page of the
 * reference, the help text and the check of rules and dashboards follow from it (`npm run docs`).
 */
export const METRICS = {
  ratchet_ledger_records_total: { kind: 'counter', labels: ['model', 'kind'], from: 'ledger', help: 'Records of the ledger, by kind.' },
  ratchet_ledger_read_timestamp_seconds: {
    kind: 'gauge',
    labels: [],
    from: 'ledger',
    help: 'When this worker last read all ledgers without trouble (0: never); what is derived from them is as old.',
  },
  ratchet_ledger_read_errors_total: {
    kind: 'counter',
    labels: ['model'],
    from: 'worker',
    help: 'Ledgers that could not be read for these metrics; the model is empty where the list of models could not.',
  },
  ratchet_cycles_started_total: { kind: 'counter', labels: ['model', 'trigger'], from: 'ledger', help: 'Cycles, by what asked for them.' },
  ratchet_cycles_total: { kind: 'counter', labels: ['model', 'outcome'], from: 'ledger', help: 'Cycles that ended, by outcome.' },
  ratchet_cycle_failures_total: {
    kind: 'counter',
    labels: ['model', 'stage', 'failure'],
    from: 'ledger',
    help: 'Cycles that ended by a failure: the stage where, and the failure’s name.',
  },
  ratchet_cycle_duration_seconds: {
    kind: 'histogram',
    labels: ['model', 'outcome'],
    from: 'ledger',
    bucketsSeconds: CYCLE_SECONDS,
    help: 'From the start of a cycle to its end, the waiting for people included.',
  },
  ratchet_cycle_open: { kind: 'gauge', labels: ['model'], from: 'ledger', help: '1 while a cycle is open, else 0.' },
  ratchet_cycle_started_timestamp_seconds: {
    kind: 'gauge',
    labels: ['model'],
    from: 'ledger',
    help: 'When the open cycle started; absent: none is open.',
  },
  ratchet_approval_asked_timestamp_seconds: {
    kind: 'gauge',
    labels: ['model'],
    from: 'ledger',
    help: 'Since when the open cycle’s verdict asks for people; absent: nobody is asked.',
  },
  ratchet_verdicts_total: { kind: 'counter', labels: ['model', 'face'], from: 'ledger', help: 'Verdicts, by face.' },
  ratchet_comparisons_since_promotion: {
    kind: 'gauge',
    labels: ['model'],
    from: 'ledger',
    help: 'Comparisons with this champion so far: they share one α.',
  },
  ratchet_promotions_total: { kind: 'counter', labels: ['model'], from: 'ledger', help: 'Versions that became champion.' },
  ratchet_champion_generation: { kind: 'gauge', labels: ['model'], from: 'ledger', help: 'How often the champion changed.' },
  ratchet_champion_promoted_timestamp_seconds: {
    kind: 'gauge',
    labels: ['model', 'version'],
    from: 'ledger',
    help: 'When the champion became it; absent: there is none.',
  },
  ratchet_rollout_weight_percent_max: {
    kind: 'gauge',
    labels: ['model'],
    from: 'ledger',
    help: 'The greatest share of the requests that the open rollout’s version was given; 0: copies only; absent: no rollout is open.',
  },
  ratchet_bake_open: {
    kind: 'gauge',
    labels: ['model'],
    from: 'ledger',
    help: '1 while the champion is still watched after its promotion.',
  },
  ratchet_rollbacks_total: {
    kind: 'counter',
    labels: ['model', 'kind', 'by'],
    from: 'ledger',
    help: 'Versions turned away: withdrawn (from a rollout) or rolledBack (a champion), by ratchet or by a person.',
  },
  ratchet_turn_back_duration_seconds: {
    kind: 'histogram',
    labels: ['model'],
    from: 'ledger',
    bucketsSeconds: TURN_BACK_SECONDS,
    help: 'From the decision to turn back until all requests were back on the champion.',
  },
  ratchet_paused: { kind: 'gauge', labels: ['model'], from: 'ledger', help: '1 while the model is paused, else 0.' },
  ratchet_serving_paused: {
    kind: 'gauge',
    labels: ['model'],
    from: 'ledger',
    help: '1 while all requests of the model are refused, by a person or by monitoring, else 0.',
  },
  ratchet_jobs_total: {
    kind: 'counter',
    labels: ['model', 'stage', 'result'],
    from: 'worker',
    help: 'Jobs that ended, by stage and result: Succeeded, or the failure’s name.',
  },
  ratchet_job_duration_seconds: {
    kind: 'histogram',
    labels: ['model', 'stage'],
    from: 'worker',
    bucketsSeconds: JOB_SECONDS,
    help: 'How long jobs ran, by stage.',
  },
  ratchet_watched_jobs: { kind: 'gauge', labels: [], from: 'worker', help: 'Jobs that this worker watches, those in slots left out.' },
  ratchet_triggers_total: {
    kind: 'counter',
    labels: ['model', 'kind', 'result'],
    from: 'worker',
    help: 'Wishes for a cycle that arrived, by kind: accepted, duplicate (its key is known), refused (too many wait).',
  },
  ratchet_triggers_dropped_total: {
    kind: 'counter',
    labels: ['model', 'kind', 'reason'],
    from: 'worker',
    help: 'Accepted wishes of which no cycle of their own came: coalesced (another waits for both), hysteresis, cooldown, cyclesPerDay, budget, quietHours, coalescing, openCycle, paused, anotherFirst, refused.',
  },
  ratchet_activity_failures_total: {
    kind: 'counter',
    labels: ['activity', 'failure'],
    from: 'worker',
    help: 'Tries of activities that failed, by the failure’s name; most are tried again.',
  },
  ratchet_notices_total: {
    kind: 'counter',
    labels: ['model', 'severity', 'result'],
    from: 'worker',
    help: 'Notices to people: told, or failed (then they are tried again).',
  },
  ratchet_model_monitored_timestamp_seconds: {
    kind: 'gauge',
    labels: ['model'],
    from: 'monitor',
    help: 'The end of the last window that monitoring looked at; absent: it looked at none.',
  },
  ratchet_model_finding: {
    kind: 'gauge',
    labels: ['model', 'finding', 'state'],
    from: 'monitor',
    help: '1 for the state in which the last window left a finding (ok, found, inconclusive, provisional), else 0.',
  },
  ratchet_model_window_predictions: { kind: 'gauge', labels: ['model'], from: 'monitor', help: 'Predictions of the last window.' },
  ratchet_model_drifted_features_ratio: {
    kind: 'gauge',
    labels: ['model'],
    from: 'monitor',
    help: 'Share of features that are distributed otherwise than in training.',
  },
  ratchet_model_prediction_drift_distance: {
    kind: 'gauge',
    labels: ['model'],
    from: 'monitor',
    help: 'Normed Wasserstein distance of the answers to those in training.',
  },
  ratchet_model_data_faults: {
    kind: 'gauge',
    labels: ['model'],
    from: 'monitor',
    help: 'Faults in what callers send: nulls, ranges, unseen categories, features that hang.',
  },
  ratchet_model_skewed_answers_ratio: {
    kind: 'gauge',
    labels: ['model'],
    from: 'monitor',
    help: 'Share of answers, or features of a key, that differ from what training has.',
  },
  ratchet_model_latency_p99_seconds: {
    kind: 'gauge',
    labels: ['model'],
    from: 'monitor',
    help: '99 of 100 answered requests took at most this, in the server.',
  },
  ratchet_model_window_requests: {
    kind: 'gauge',
    labels: ['model', 'arm', 'version'],
    from: 'monitor',
    help: 'Requests of the last window, as the proxy counted them; copies of a mirror included.',
  },
  ratchet_model_errors_ratio: {
    kind: 'gauge',
    labels: ['model', 'arm', 'version'],
    from: 'monitor',
    help: 'Requests of the last window that were not answered with 2xx, as a share of all; absent: none were counted.',
  },
  ratchet_model_training_age_seconds: {
    kind: 'gauge',
    labels: ['model'],
    from: 'monitor',
    help: 'From the end of the champion’s training data to the end of the window.',
  },
  ratchet_model_new_labelled_rows: {
    kind: 'gauge',
    labels: ['model'],
    from: 'monitor',
    help: 'Labelled predictions since the end of the champion’s training data.',
  },
  ratchet_model_decay_loss: {
    kind: 'gauge',
    labels: ['model', 'metric'],
    from: 'monitor',
    help: 'How much worse than a reference the champion is on mature rows, in the metric that the spec compares; greater is worse.',
  },
  ratchet_model_calibration_gap: { kind: 'gauge', labels: ['model'], from: 'monitor', help: '|mean prediction − rate| on mature rows.' },
  ratchet_model_promise_distance: {
    kind: 'gauge',
    labels: ['model', 'metric'],
    from: 'monitor',
    help: 'How much worse than in its evaluation the champion is on mature rows; greater is worse.',
  },
  ratchet_model_kpi_mean: {
    kind: 'gauge',
    labels: ['model', 'kpi'],
    from: 'monitor',
    help: 'Mean of a number that came with labels, in its own unit.',
  },
  ratchet_serve_ready: { kind: 'gauge', labels: [], from: 'modelServer', help: '1 while the server answers requests, else 0.' },
  ratchet_serve_requests_total: { kind: 'counter', labels: [], from: 'modelServer', help: 'Requests that were answered.' },
  ratchet_serve_errors_total: { kind: 'counter', labels: [], from: 'modelServer', help: 'Requests that were answered with an error.' },
  ratchet_serve_latency_seconds: {
    kind: 'histogram',
    labels: [],
    from: 'modelServer',
    bucketsSeconds: LATENCY_SECONDS,
    help: 'From a request’s arrival to its answer, within the server.',
  },
  ratchet_serve_scores_total: { kind: 'counter', labels: ['bin'], from: 'modelServer', help: 'Scores given, by twentieth of 0 to 1.' },
  ratchet_serve_score_sum: { kind: 'counter', labels: [], from: 'modelServer', help: 'The sum of the scores given.' },
  ratchet_serve_keys_total: {
    kind: 'counter',
    labels: [],
    from: 'modelServer',
    help: 'Callers, each once, where the model file names a header that tells them apart.',
  },
  ratchet_serve_keys_with_errors_total: { kind: 'counter', labels: [], from: 'modelServer', help: 'Callers that ever saw an error.' },
  ratchet_serve_key_latency_seconds: {
    kind: 'histogram',
    labels: [],
    from: 'modelServer',
    bucketsSeconds: LATENCY_SECONDS,
    help: 'The latency of each caller’s first request.',
  },
  ratchet_serve_key_scores_total: {
    kind: 'counter',
    labels: ['bin'],
    from: 'modelServer',
    help: 'The first score of each caller, by twentieth of 0 to 1.',
  },
  ratchet_serve_key_score_sum: { kind: 'counter', labels: [], from: 'modelServer', help: 'The sum of the callers’ first scores.' },
  ratchet_serve_predictions_logged_total: {
    kind: 'counter',
    labels: [],
    from: 'modelServer',
    help: 'Predictions written to the log on this machine’s disk.',
  },
  ratchet_serve_predictions_dropped_total: {
    kind: 'counter',
    labels: [],
    from: 'modelServer',
    help: 'Predictions that were answered, but are missing from the log.',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;

type OwnName = { [N in MetricName]: (typeof METRICS)[N]['from'] extends 'modelServer' ? never : N }[MetricName];

/** One value of a metric that the worker exports: a gauge’s, what a counter grows by, or one observation of a histogram. */
export type Sample = {
  [N in OwnName]: {
    readonly name: N;
    readonly labels: Readonly<Record<(typeof METRICS)[N]['labels'][number], string>>;
    readonly value: number;
  };
}[OwnName];
