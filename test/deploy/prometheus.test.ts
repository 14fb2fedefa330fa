import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { dashboards } from '../../scripts/dashboards/dashboards.js';
import { FOREIGN_METRICS } from '../../scripts/dashboards/foreign-metrics.js';
import { servedMetrics } from '../../scripts/reference/served-metrics.js';
import { METRICS, type MetricDefinition } from '../../src/domain/metric-definitions.js';
import { findPrometheus, NO_PROMETHEUS } from '../servers/prometheus.js';
import { metricNames } from './promql-names.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const rulesFolder = join(root, 'deploy/prometheus/rules');
const definitions = Object.entries(METRICS) as [string, MetricDefinition][];

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: Record<string, string>;
}
const rules = readdirSync(rulesFolder).flatMap((file) =>
  (parse(readFileSync(join(rulesFolder, file), 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules),
);
const exported = new Set([
  ...definitions.flatMap(([name, { kind }]) => (kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name])),
  ...Object.keys(FOREIGN_METRICS),
  ...rules.flatMap(({ record }) => record ?? []),
]);
const unknownIn = (expression: string): string[] => metricNames(expression).filter((name) => !exported.has(name));

describe('rules', () => {
  test.for(rules.map((rule) => [rule.alert ?? rule.record!, rule.expr] as const))('%s names only what is exported', ([, expr]) => {
    expect(metricNames(expr).length).toBeGreaterThan(0);
    expect(unknownIn(expr)).toEqual([]);
  });

  test('every alert says what is wrong and what to do, and has a runbook', () => {
    const runbooks = readFileSync(join(root, 'docs/how-to/monitor-with-prometheus.md'), 'utf8');
    for (const { alert, annotations } of rules.filter((rule) => rule.alert !== undefined)) {
      expect(annotations, alert).toMatchObject({ summary: expect.any(String), action: expect.any(String) });
      expect(runbooks).toContain(`\`${alert}\``);
    }
  });

  test.skipIf(findPrometheus() === null)(
    `promtool accepts them, and they fire when they should${NO_PROMETHEUS}`,
    { timeout: 60_000 },
    () => {
      const { promtool } = findPrometheus()!;
      const run = (...args: string[]): string => execFileSync(promtool, args, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
      expect(run('check', 'config', 'deploy/prometheus/prometheus.yml')).toContain('2 rule files found');
      const tests = ['rules', 'rules-over-days'].map((name) => `test/deploy/prometheus/${name}.yml`);
      expect(run('test', 'rules', ...tests).match(/SUCCESS/g)).toHaveLength(2);
    },
  );
});

test('model servers say of their metrics what the definitions say (else: npm run docs)', () => {
  const [[name, content]] = Object.entries(servedMetrics()) as [[string, string]];
  expect(readFileSync(join(root, 'steps/ratchet_serve', name), 'utf8')).toBe(content);
});

describe('dashboards', () => {
  const all = Object.entries(dashboards());
  test.for(all)('%s is up to date (else: npm run docs)', ([name, content]) => {
    expect(readFileSync(join(root, 'deploy/grafana', name), 'utf8')).toBe(content);
  });

  test('every panel names only what is exported', () => {
    const panels = all.flatMap(
      ([, content]) => (JSON.parse(content) as { panels: { title: string; targets?: { expr: string }[] }[] }).panels,
    );
    const unknown = panels.flatMap(({ title, targets = [] }) =>
      targets.flatMap(({ expr }) => unknownIn(expr).map((name) => `${title}: ${name}`)),
    );
    expect(unknown).toEqual([]);
  });

  test('every metric of ours has a panel, and names its unit', () => {
    const shown = all.map(([, content]) => content).join('');
    expect(definitions.filter(([name]) => !shown.includes(name))).toEqual([]);
    const durations = definitions.filter(([, { kind, bucketsSeconds }]) => kind === 'histogram' && bucketsSeconds !== undefined);
    expect(durations.filter(([name]) => !name.endsWith('_seconds'))).toEqual([]);
    expect(definitions.filter(([name, { kind }]) => kind === 'gauge' && name.endsWith('_total'))).toEqual([]);
  });
});

test('a name that nothing exports is seen in any place of an expression', () => {
  expect(unknownIn('sum by (model) (rate(ratchet_gone_total{model="up"}[5m])) / on (model) up')).toEqual(['ratchet_gone_total']);
  expect(unknownIn('time() - max(ratchet_cycle_open) > 90 * 86400 unless absent(ratchet_other) or vector(1)')).toEqual(['ratchet_other']);
});
