import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { envoyServerPlan, findEnvoy } from '../../../src/adapters/local/servers/envoy-server.js';
import { LATENCY_EDGES_MS } from '../../../src/domain/latency-edges.js';
import { startTestEnvoy } from '../../servers/envoy.js';
import { temporaryFolder } from '../../temporary-folder.js';

test('Envoy is the one of the Python environment, else the one on PATH, else none', () => {
  expect(findEnvoy(dirname(inject('python')), '')).toMatch(/site-packages.envoy._bin.envoy$/);
  const folder = temporaryFolder();
  const [bin, elsewhere] = [join(folder, 'python', 'bin'), join(folder, 'elsewhere')];
  for (const each of [bin, elsewhere]) mkdirSync(each, { recursive: true });
  expect(findEnvoy(bin, elsewhere)).toBeNull();
  writeFileSync(join(elsewhere, 'envoy'), '');
  expect(findEnvoy(bin, elsewhere)).toBeNull();
  chmodSync(join(elsewhere, 'envoy'), 0o755);
  expect(findEnvoy(bin, elsewhere)).toBe(join(elsewhere, 'envoy'));
});

test('Envoy starts on an empty folder, serves nothing, and says so', async () => {
  const { url, adminUrl } = await startTestEnvoy(temporaryFolder());
  expect((await fetch(`${url}/v2/models/m/infer`)).status).toBe(404);
  const threads = /server\.concurrency: (\d+)/.exec(await (await fetch(`${adminUrl}/stats?filter=server.concurrency`)).text());
  expect(threads?.[1]).toBe('2');
});

test('worker threads are what the plan is told, and latencies have Ratchet’s buckets', async () => {
  const folder = temporaryFolder();
  const plan = envoyServerPlan({ envoy: 'envoy', folder, port: 1, adminPort: 2, logFile: join(folder, 'log'), concurrency: 3 });
  expect(plan.args.join(' ')).toContain('--concurrency 3');
  const bootstrap = JSON.parse(readFileSync(join(folder, 'bootstrap.json'), 'utf8')) as {
    stats_config: { histogram_bucket_settings: [{ buckets: number[] }] };
  };
  expect(bootstrap.stats_config.histogram_bucket_settings[0].buckets).toEqual(LATENCY_EDGES_MS);
  expect(await plan.isHealthy()).toBe(false);
});
