/** What rules and dashboards name of others' metrics; test/e2e/prometheus.test.ts sees that each is exported. */
export const FOREIGN_METRICS = {
  up: 'Prometheus itself: 1 where the last scrape of a target succeeded.',
  process_resident_memory_bytes: 'Memory of the worker’s process.',
  nodejs_eventloop_lag_p99_seconds: 'How late the worker’s event loop runs.',
  temporal_worker_task_slots_available: 'Free slots of a worker, by kind of task.',
  temporal_worker_task_slots_used: 'Taken slots of a worker, by kind of task.',
  temporal_activity_schedule_to_start_latency_bucket: 'How long activities wait for a worker.',
  temporal_workflow_task_execution_latency_bucket: 'How long workflow tasks take.',
  temporal_request: 'Requests of a worker to the Temporal server.',
  service_requests: 'Requests that the Temporal server got.',
  persistence_latency_bucket: 'How long the Temporal server’s database takes.',
  envoy_cluster_upstream_rq_xx: 'Answers of a version’s servers, by class of status.',
  envoy_cluster_upstream_rq_completed: 'Requests to a version that were answered by whomever.',
  envoy_cluster_upstream_rq_time_bucket: 'Latency of a version in milliseconds, as Envoy sees it.',
  envoy_cluster_membership_healthy: 'Model servers of a version that Envoy sends requests to.',
} as const;

export type ForeignMetric = keyof typeof FOREIGN_METRICS;
