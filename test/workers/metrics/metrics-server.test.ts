import { expect, onTestFinished, test } from 'vitest';
import { createMeter } from '../../../src/workers/metrics/meter.js';
import { serveMetrics } from '../../../src/workers/metrics/metrics-server.js';
import { showMetrics } from '../../../src/workers/metrics/show-metrics.js';
import { freePort } from '../../servers/free-port.js';
import { temporaryFolder } from '../../temporary-folder.js';

async function serve(readLedgers: () => Promise<void>) {
  const meter = createMeter();
  const server = await serveMetrics({ address: { host: '127.0.0.1', port: 0 }, meter, readLedgers, readMsMax: 200 });
  onTestFinished(() => server.close());
  return { meter, get: (path: string, method = 'GET') => fetch(`http://127.0.0.1:${server.port}${path}`, { method }) };
}

test('metrics are answered in Prometheus’ text format, and nothing else is', async () => {
  const { meter, get } = await serve(async () => undefined);
  meter.record({ name: 'ratchet_notices_total', labels: { model: 'flights', severity: 'info', result: 'told' }, value: 1 });
  const page = await get('/metrics');
  expect(page.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await page.text();
  expect(text).toContain('ratchet_notices_total{model="flights",severity="info",result="told"} 1\n');
  expect(text).toContain('# TYPE ratchet_cycles_total counter\n');
  expect(text).toContain('nodejs_eventloop_lag_seconds');
  expect((await get('/')).status).toBe(404);
  expect((await get('/metrics', 'POST')).status).toBe(404);
});

test('a store that hangs does not hang the page', async () => {
  const { get } = await serve(() => new Promise(() => undefined));
  expect((await get('/metrics')).status).toBe(200);
});

test('two that ask at once cause one reading', async () => {
  let readings = 0;
  const { get } = await serve(async () => void readings++);
  await Promise.all([get('/metrics'), get('/metrics')]);
  expect(readings).toBe(1);
});

test('an address that is taken is told, and the worker goes on without', async () => {
  const port = await freePort();
  const config = { metricsAddress: { host: '127.0.0.1', port }, storeUri: `file://${temporaryFolder()}` };
  const lines: string[] = [];
  const first = await showMetrics(config, createMeter(), (line) => lines.push(line));
  onTestFinished(() => first?.close());
  expect(await showMetrics(config, createMeter(), (line) => lines.push(line))).toBeNull();
  expect(lines).toEqual([expect.stringContaining(`metrics are shown nowhere: 127.0.0.1:${port}`)]);
});
