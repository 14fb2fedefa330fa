import type { Job } from '../../domain/job.js';
import type { JobCluster } from '../../ports/job-cluster.js';
import type { Meter } from './meter.js';

/** The cluster, which also counts the jobs whose end is seen. A watch that is repeated after the end counts again: rare. */
export function countJobs(cluster: JobCluster, meter: Meter): JobCluster {
  return {
    ...cluster,
    async *watch(name, options) {
      for await (const job of cluster.watch(name, options)) {
        if (job.phase === 'Succeeded' || job.phase === 'Failed') count(job);
        yield job;
      }
    },
  };

  function count({ name, phase, failure, startedAt, endedAt }: Job): void {
    const [, model, stage = 'monitor'] = /^(.*)-(?:c\d+-([a-z]+)|monitor-\d{8}t\d{6}z-[0-9a-f]{8})-a\d+$/.exec(name) ?? [];
    if (model === undefined) return;
    const result = phase === 'Succeeded' ? 'Succeeded' : (failure?.type ?? 'JobLost');
    meter.record({ name: 'ratchet_jobs_total', labels: { model, stage, result }, value: 1 });
    if (startedAt === null || endedAt === null) return;
    const value = Math.max(0, (Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
    meter.record({ name: 'ratchet_job_duration_seconds', labels: { model, stage }, value });
  }
}
