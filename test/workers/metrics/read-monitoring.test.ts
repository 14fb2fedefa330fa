import { expect, test } from 'vitest';
import { judgeMonitoring } from '../../../src/domain/decide/monitor/judge-monitoring.js';
import { documentBytes } from '../../../src/domain/document.js';
import { MonitorSettings } from '../../../src/domain/monitor-settings.js';
import { monitoredKey } from '../../../src/domain/monitoring.js';
import type { JobCluster } from '../../../src/ports/job-cluster.js';
import { countJobs } from '../../../src/workers/metrics/count-jobs.js';
import { createMeter } from '../../../src/workers/metrics/meter.js';
import { createMonitoringReading } from '../../../src/workers/metrics/read-monitoring.js';
import { createMemoryStore } from '../../fakes/memory-store.js';
import { cohort, monitorOutput } from '../../fakes/monitor-output.js';
import { createChampionStory } from '../../ledger/champion-story.js';
import { named } from '../../ledger/sample-bodies.js';

test('the last window of a model is shown, and what was not measured has no sample', async () => {
  const store = createMemoryStore();
  await createChampionStory({ store }).append('a', {
    kind: 'spec-applied',
    specDigest: named('spec'),
    codeDigest: named('code'),
    requestedBy: 'ana',
  });
  const end = new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString();
  const window = { start: new Date(Date.parse(end) - 86_400_000).toISOString(), end };
  const policy = {
    settings: MonitorSettings.parse({}),
    label: { delayHours: 24, policy: 'independent' as const, coverageMin: 0.5, coverageDropMax: 0.2 },
    champion: { version: 'flights-3', trainEnd: '2013-06-02T04:00:00.000Z', promise: null },
  };
  const findings = judgeMonitoring(policy, monitorOutput({ cohort: cohort({ worse: 0.05 }), latencyMs: null }));
  const digests = { planDigest: named('plan'), documentDigest: named('document') };
  const arm = { arm: 'challenger', version: 'flights-9', requests: 400, errors: 20 } as const;
  const requests = { from: window.start, to: window.end, restarts: 0, arms: [arm] };
  const measured = { requests, qualityMetric: 'logLoss', kpis: [{ name: 'refunds', mean: 1.5 }], findings, answers: [] };
  const judged = { model: 'flights', window, version: 'flights-3', cycle: 3, ...digests, scheduled: true, ...measured };
  await store.createIfAbsent(monitoredKey('flights', window, 3, 'json'), documentBytes(judged));
  const meter = createMeter();
  await createMonitoringReading({ store, meter })();
  const lines = (await meter.text()).split('\n');
  expect(lines).toContain('ratchet_model_finding{model="flights",finding="decay",state="found"} 1');
  expect(lines).toContain('ratchet_model_finding{model="flights",finding="decay",state="ok"} 0');
  expect(lines).toContain('ratchet_model_window_predictions{model="flights"} 3000');
  expect(lines).toContain('ratchet_model_errors_ratio{model="flights",arm="challenger",version="flights-9"} 0.05');
  expect(lines).toContain('ratchet_model_kpi_mean{model="flights",kpi="refunds"} 1.5');
  expect(lines.filter((line) => line.startsWith('ratchet_model_decay_loss{model="flights",metric="logLoss"} '))).toHaveLength(1);
  expect(lines).toContain(`ratchet_model_monitored_timestamp_seconds{model="flights"} ${Date.parse(end) / 1000}`);
  expect(lines.filter((line) => line.startsWith('ratchet_model_latency_p99_seconds{'))).toEqual([]);
});

test('jobs of monitoring are counted as those of a cycle are', async () => {
  const meter = createMeter();
  const job = { phase: 'Succeeded', progress: null, output: null, failure: null, startedAt: null, endedAt: null } as const;
  const cluster = {
    async *watch(name: string) {
      yield { ...job, name };
    },
  } as unknown as JobCluster;
  for (const name of ['my-model-monitor-20130702t040000z-0a1b2c3d-a1', 'my-model-c7-train-a2']) {
    for await (const seen of countJobs(cluster, meter).watch(name, { signal: new AbortController().signal, heartbeatMs: 1000 })) {
      expect(seen.phase).toBe('Succeeded');
    }
  }
  const text = await meter.text();
  expect(text).toContain('ratchet_jobs_total{model="my-model",stage="monitor",result="Succeeded"} 1');
  expect(text).toContain('ratchet_jobs_total{model="my-model",stage="train",result="Succeeded"} 1');
});
