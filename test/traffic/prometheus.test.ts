import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FOREIGN_METRICS } from '../../scripts/dashboards/foreign-metrics.js';
import { METRICS, type MetricDefinition } from '../../src/domain/metric-definitions.js';
import { until } from '../chaos/until.js';
import { findPrometheus, NO_PROMETHEUS, startPrometheus, type TestPrometheus } from '../servers/prometheus.js';
import { startServedStack, type ServedStack } from './served-stack.js';

/** Series that only exist while, or after, something that did not happen here. */
const ONLY_SOMETIMES = new Set([
  'ratchet_ledger_read_errors_total',
  'ratchet_cycle_failures_total',
  'ratchet_cycle_started_timestamp_seconds',
  'ratchet_approval_asked_timestamp_seconds',
  'ratchet_rollout_weight_percent_max',
  'ratchet_turn_back_duration_seconds',
  'ratchet_triggers_dropped_total',
  'ratchet_activity_failures_total',
  'ratchet_notices_total',
]);
const definitions = Object.entries(METRICS) as [string, MetricDefinition][];
/** Of a window that the stand-in of the quick steps measures: the rest needs labels, features in training, or ten minutes. */
const OF_A_WINDOW = [
  'ratchet_model_monitored_timestamp_seconds',
  'ratchet_model_finding',
  'ratchet_model_window_predictions',
  'ratchet_model_training_age_seconds',
];

describe.skipIf(findPrometheus() === null)(`a Prometheus over a stack that serves${NO_PROMETHEUS}`, () => {
  let stack: ServedStack | undefined;
  let prometheus: TestPrometheus | undefined;
  beforeAll(async () => {
    stack = await startServedStack();
    const folder = join(stack.home.path, 'prometheus');
    const config = readFileSync(join(folder, 'prometheus.yml'), 'utf8').replaceAll(/\b1[05]s\b/g, '1s');
    writeFileSync(join(folder, 'quick.yml'), config);
    prometheus = await startPrometheus(join(folder, 'quick.yml'), folder);
  });
  afterAll(async () => {
    await prometheus?.stop();
    await stack?.stop();
  });

  async function ask<T>(path: string): Promise<T> {
    const response = await fetch(`${prometheus!.url}/api/v1/${path}`);
    return ((await response.json()) as { data: T }).data;
  }
  const series = async (name: string): Promise<number> =>
    (await ask<{ result: unknown[] }>(`query?query=${encodeURIComponent(name)}`)).result.length;

  test('every part of the stack is found, and answers', async () => {
    const jobs = ['envoy', 'ratchet-model-server', 'ratchet-sdk', 'ratchet-worker', 'temporal'];
    await until(
      'all targets are up',
      async () => {
        const { activeTargets } = await ask<{ activeTargets: { health: string; labels: { job: string } }[] }>('targets');
        const up = new Set(activeTargets.filter(({ health }) => health === 'up').map(({ labels }) => labels.job));
        return jobs.every((job) => up.has(job));
      },
      { everyMs: 100 },
    );
  });

  test('every metric of the definitions is exported, with its kind and its meaning', async () => {
    const missing = async (): Promise<string[]> => {
      const known = await ask<Record<string, { type: string; help: string }[]>>('metadata');
      return definitions.flatMap(([name, { kind, help }]) => {
        const found = known[name]?.[0];
        return found?.type === kind && found.help === help ? [] : [`${name}: ${JSON.stringify(found ?? null)}`];
      });
    };
    await until('all metrics are described', async () => (await missing()).length === 0, { everyMs: 200, seconds: 120 }).catch(
      () => undefined,
    );
    expect(await missing()).toEqual([]);
  });

  test('every metric that should have a value has one, others’ that rules and dashboards name included', async () => {
    const callers = stack!.callers(2);
    const monitored = await stack!.stack.cli(['monitor', 'quick', '--wait']);
    expect([0, 2], monitored.output).toContain(monitored.code);
    const ours = definitions
      .filter(([name, { from }]) => (from === 'monitor' ? OF_A_WINDOW.includes(name) : !ONLY_SOMETIMES.has(name)))
      .map(([name, { kind }]) => (kind === 'histogram' ? `${name}_bucket` : name));
    const empty = new Set([...ours, ...Object.keys(FOREIGN_METRICS)]);
    await until(
      'each has a series',
      async () => {
        for (const name of empty) if ((await series(name)) > 0) empty.delete(name);
        return empty.size === 0;
      },
      { everyMs: 200, seconds: 120 },
    ).catch(() => undefined);
    await callers.stop();
    expect([...empty]).toEqual([]);
    expect(await series(`ratchet_champion_promoted_timestamp_seconds{model="quick"}`)).toBe(1);
    expect(await series(`ratchet_serve_requests_total{model="quick",version!="",replica="0"} > 0`)).toBeGreaterThan(0);
  });

  test('every rule can be evaluated, and none fires over a stack that is well', async () => {
    type Group = { rules: { name: string; health: string; state?: string; lastEvaluation: string }[] };
    const rules = await until(
      'all rules were evaluated',
      async () => {
        const all = (await ask<{ groups: Group[] }>('rules')).groups.flatMap((group) => group.rules);
        return all.length > 0 && all.every(({ health }) => health !== 'unknown') ? all : null;
      },
      { everyMs: 200 },
    );
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(rules.filter(({ state }) => state === 'firing').map(({ name }) => name)).toEqual([]);
  });
});
