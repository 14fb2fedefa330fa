import { expect, test } from 'vitest';
import { workerConfig } from '../../src/config/worker-config.js';

const enough = { MLFLOW_TRACKING_URI: 'http://127.0.0.1:5000', RATCHET_HOME: '/srv/ratchet' };

test('a home and a registry are enough for a worker', () => {
  expect(workerConfig(enough)).toMatchObject({
    home: '/srv/ratchet',
    storeUri: 'file:///srv/ratchet/store',
    mlflowTrackingUri: 'http://127.0.0.1:5000',
    pythonBin: null,
  });
});

test.for<[variables: Record<string, string | undefined>, message: RegExp]>([
  [{ MLFLOW_TRACKING_URI: undefined }, /^environment variable MLFLOW_TRACKING_URI: expected .*http.*, found nothing: /],
  [{ MLFLOW_TRACKING_URI: 'sqlite:///secret.db' }, /^environment variable MLFLOW_TRACKING_URI: expected .*http.*, found something else: /],
  [{ RATCHET_STORE_URI: 'gs://secret' }, /^environment variable RATCHET_STORE_URI: expected file:\/\/\/<folder> or s3:/],
  [{ RATCHET_STORE_URI: '/srv/secret' }, /^environment variable RATCHET_STORE_URI: expected file:/],
  [{ RATCHET_METRICS_ADDRESS: 'secret' }, /^environment variable RATCHET_METRICS_ADDRESS: expected <IP address>:<port>/],
  [{ RATCHET_METRICS_ADDRESS: '127.0.0.1:70000' }, /^environment variable RATCHET_METRICS_ADDRESS: expected <IP address>:<port>/],
  [{ RATCHET_WATCH_HEARTBEAT_SECONDS: 'often' }, /^environment variable RATCHET_WATCH_HEARTBEAT_SECONDS: expected a number of seconds/],
])('%j is refused by name, without its value, which may hold a secret', ([variables, message]) => {
  const start = () => workerConfig({ ...enough, ...variables });
  expect(start).toThrow(message);
  expect(start).not.toThrow(/secret/);
});
