import { expect, test, vi } from 'vitest';
import { keepRequestCounts, requestsOfWindow } from '../../../src/activities/request-counts.js';
import { createLocalMetricSource } from '../../../src/adapters/local/metric-source.js';
import { LATENCY_EDGES_MS } from '../../../src/domain/latency-edges.js';
import { COUNTED_EVERY_MS } from '../../../src/domain/request-counts.js';
import { describeMetricSource, total } from '../../contracts/metric-source.js';
import { ask, routeOf } from '../../contracts/traffic-router.js';
import { createMemoryStore } from '../../fakes/memory-store.js';
import { startRoutedModels } from '../../servers/routed-models.js';
import type { RoutedModels } from '../../servers/routed-models.js';

const signal = AbortSignal.timeout(60_000);
const instances = { champion: 'm-1', challenger: 'm-2' };

function sourceOf({ envoy, replicas }: RoutedModels) {
  const replicasOf = (name: string) => Promise.resolve((replicas[name] ?? []).map(({ address }) => address));
  return createLocalMetricSource({ adminUrl: envoy.adminUrl, replicasOf });
}

/** Never leaves a replica out, so that each request meets the same. */
const patient = { outlier: { consecutiveErrors: 1000, ejectSeconds: 1 } };

describeMetricSource('local', async () => {
  const models = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
  const splits = [['champion', 'm-1', 50], ['challenger', 'm-2', 50]] as const; // prettier-ignore
  await models.router.shift(routeOf('m', 1, splits, { settings: patient }), signal);
  return {
    source: sourceOf(models),
    instances,
    async ask(times, status) {
      for (const replica of Object.values(models.replicas).flat()) replica.answer = status;
      for (let asked = 0; asked < times; asked++) await ask(models.envoy.url, 'm');
    },
    end: () => models.envoy.kill(),
  };
});

test('what Envoy answers itself counts against the arm: 504 after the timeout, 503 without a replica', async () => {
  const models = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
  const [hung, dead] = [models.replicas['m-1']![0]!, models.replicas['m-2']![0]!];
  hung.answer = 'never';
  await models.router.shift(routeOf('m', 1, [['champion', 'm-1', 100]], { settings: { ...patient, timeoutMs: 50 } }), signal);
  expect((await ask(models.envoy.url, 'm')).status).toBe(504);
  await dead.kill();
  await models.router.shift(routeOf('m', 2, [['challenger', 'm-2', 100]], { settings: patient }), signal);
  expect((await ask(models.envoy.url, 'm')).status).toBe(503);
  const { champion, challenger } = (await sourceOf(models).read(instances, 'request', signal)).arms;
  expect([champion?.units, champion?.errors, challenger?.units, challenger?.errors]).toEqual([1, 1, 1, 1]);
});

test('a window of monitoring has what Envoy answered in it, by version, also what no server answered', async () => {
  const models = await startRoutedModels({ 'm-1': 1 });
  const route = routeOf('m', 1, [['champion', 'm-1', 100]], { settings: patient });
  await models.router.shift(route, signal);
  const serving = { describe: async (name: string) => ({ name, model: 'm', version: 'flights-1', specDigest: 'sha256:0', replicas: [] }) };
  const ports = { store: createMemoryStore(), metrics: sourceOf(models), serving } as unknown as Parameters<typeof keepRequestCounts>[0];
  const asked = async (times: number): Promise<void> => {
    for (let count = 0; count < times; count++) await ask(models.envoy.url, 'm');
  };
  await asked(3);
  const begin = Date.now();
  await keepRequestCounts(ports, route, begin, signal);
  const start = new Date().toISOString();
  await asked(7);
  await models.replicas['m-1']![0]!.kill();
  await asked(2);
  await keepRequestCounts(ports, route, begin + COUNTED_EVERY_MS, signal);
  const window = { start, end: new Date(begin + 2 * COUNTED_EVERY_MS).toISOString() };
  const { arms } = (await requestsOfWindow(ports.store, 'm', window))!;
  expect(arms).toEqual([{ arm: 'champion', version: 'flights-1', requests: 9, errors: 2 }]);
});

test('requests over the circuit breaker are answered with 503 at once, and count as errors', async () => {
  const models = await startRoutedModels({ 'm-1': 1 });
  models.replicas['m-1']![0]!.answer = 'never';
  const settings = { ...patient, concurrentRequestsMax: 2, timeoutMs: 5000 };
  await models.router.shift(routeOf('m', 1, [['champion', 'm-1', 100]], { settings }), signal);
  const first = [1, 2].map(() => ask(models.envoy.url, 'm'));
  const { asked } = models.replicas['m-1']![0]!;
  await vi.waitFor(() => expect(asked).toHaveLength(2), { timeout: 20_000 });
  const answers = await Promise.all([...first, ...[3, 4, 5, 6].map(() => ask(models.envoy.url, 'm'))]);
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  // As many more may wait for new connections, and get through once they have one.
  expect([statuses.slice(0, 2), statuses.slice(4)]).toEqual([
    [503, 503],
    [504, 504],
  ]);
  expect(asked.length).toBeLessThanOrEqual(4);
  const { champion } = (await sourceOf(models).read({ champion: 'm-1' }, 'request', signal)).arms;
  expect([champion?.units, champion?.errors]).toEqual([6, 6]);
});

test('mirrored requests count for the arm that gets the copies', async () => {
  const models = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
  await models.router.shift(routeOf('m', 1, [['champion', 'm-1', 100]], { mirror: { arm: 'challenger', instance: 'm-2' } }), signal);
  for (let asked = 0; asked < 10; asked++) await ask(models.envoy.url, 'm');
  await vi.waitFor(
    async () => {
      const { champion, challenger } = (await sourceOf(models).read(instances, 'request', signal)).arms;
      expect([champion?.units, total(champion?.latency), challenger?.units, total(challenger?.latency)]).toEqual([10, 10, 10, 10]);
    },
    { timeout: 20_000 },
  );
});

test('latencies lie in the bucket of their milliseconds', async () => {
  const models = await startRoutedModels({ 'm-1': 1 });
  models.replicas['m-1']![0]!.delayMs = 120;
  await models.router.shift(routeOf('m', 1, [['champion', 'm-1', 100]]), signal);
  const startMs = performance.now();
  await ask(models.envoy.url, 'm');
  const tookMs = performance.now() - startMs;
  await vi.waitFor(
    async () => {
      const { champion } = (await sourceOf(models).read(instances, 'request', signal)).arms;
      const bucket = champion!.latency.findIndex((count) => count === 1);
      expect(LATENCY_EDGES_MS[bucket]).toBeGreaterThanOrEqual(120);
      expect(LATENCY_EDGES_MS[bucket - 1]).toBeLessThanOrEqual(tookMs);
    },
    { timeout: 20_000 },
  );
});

test('scores and callers are summed over the replicas, and one that is away counts zero', async () => {
  const models = await startRoutedModels({ 'm-1': 2 });
  const [first, second] = models.replicas['m-1']!;
  first!.metrics = [
    '# TYPE ratchet_serve_scores_total counter',
    'ratchet_serve_scores_total{bin="0"} 3',
    'ratchet_serve_scores_total{bin="19"} 1',
    'ratchet_serve_score_sum 1.25',
    'ratchet_serve_keys_total 4',
    'ratchet_serve_keys_with_errors_total 1',
    ...LATENCY_EDGES_MS.map((ms) => `ratchet_serve_key_latency_seconds_bucket{le="${ms / 1000}"} ${ms < 2 ? 0 : ms < 10 ? 2 : 3}`),
    'ratchet_serve_key_latency_seconds_bucket{le="+Inf"} 4',
    'ratchet_serve_key_scores_total{bin="7"} 4',
    'ratchet_serve_key_score_sum 1.5',
  ].join('\n');
  second!.metrics = 'ratchet_serve_scores_total{bin="0"} 2\nratchet_serve_score_sum 0.5\nratchet_serve_keys_total 2\n';
  const source = sourceOf(models);
  const byRequest = (await source.read({ champion: 'm-1' }, 'request', signal)).arms.champion!;
  expect([byRequest.scores[0], byRequest.scores[19], total(byRequest.scores), byRequest.scoreSum]).toEqual([5, 1, 6, 1.75]);

  const byKey = (await source.read({ champion: 'm-1' }, 'key', signal)).arms.champion!;
  expect([byKey.units, byKey.errors, byKey.scores[7], byKey.scoreSum]).toEqual([6, 1, 4, 1.5]);
  const at = (edge: number) => byKey.latency[edge === Infinity ? LATENCY_EDGES_MS.length : LATENCY_EDGES_MS.indexOf(edge)];
  expect([at(2), at(10), at(Infinity), total(byKey.latency)]).toEqual([2, 1, 1, 4]);

  await first!.kill();
  expect((await source.read({ champion: 'm-1' }, 'key', signal)).arms.champion!.units).toBe(2);
});
