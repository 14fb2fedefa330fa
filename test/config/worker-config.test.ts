import { expect, test } from 'vitest';
import { workerConfig } from '../../src/config/worker-config.js';

const role = 'arn:aws:iam::111122223333:role/ratchet';
const enough = { MLFLOW_TRACKING_URI: 'http://127.0.0.1:5000', RATCHET_HOME: '/srv/ratchet' };

test('a home and a registry are enough for a worker', () => {
  expect(workerConfig(enough)).toMatchObject({
    home: '/srv/ratchet',
    storeUri: 'file:///srv/ratchet/store',
    mlflowTrackingUri: 'http://127.0.0.1:5000',
    pythonBin: null,
    kubernetes: null,
    kubernetesServing: null,
  });
});

test('namespaces to serve in come with the Gateway API, unless other routers are named', () => {
  const serving = (variables: object) =>
    workerConfig({ ...enough, RATCHET_KUBERNETES_SERVING_NAMESPACES: 'a,b', ...variables }).kubernetesServing;
  expect(serving({})).toEqual({ namespaces: ['a', 'b'], routers: ['gateway-api'], kubeconfig: null });
  const both = { RATCHET_KUBERNETES_ROUTERS: 'istio,gateway-api', RATCHET_KUBECONFIG: '/etc/kube' };
  expect(serving(both)).toEqual({ namespaces: ['a', 'b'], routers: ['istio', 'gateway-api'], kubeconfig: '/etc/kube' });
});

test('a worker for SageMaker needs a store that SageMaker reaches', () => {
  const roles = { RATCHET_SAGEMAKER_ROLE_ARN: role, RATCHET_SAGEMAKER_SERVING_ROLE_ARN: role };
  const config = workerConfig({ ...enough, ...roles, RATCHET_STORE_URI: 's3://bucket/ratchet' });
  expect(config.sageMaker).toEqual({ roleArn: role, namePrefix: 'ratchet' });
  expect(config.sageMakerServing).toMatchObject({ roleArn: role, namePrefix: 'ratchet' });
});

test.for<[variables: Record<string, string | undefined>, message: RegExp]>([
  [{ MLFLOW_TRACKING_URI: undefined }, /^environment variable MLFLOW_TRACKING_URI: expected .*http.*, found nothing: /],
  [{ MLFLOW_TRACKING_URI: 'sqlite:///secret.db' }, /^environment variable MLFLOW_TRACKING_URI: expected .*http.*, found something else: /],
  [{ RATCHET_STORE_URI: 'gs://secret' }, /^environment variable RATCHET_STORE_URI: expected file:\/\/\/<folder> or s3:/],
  [{ RATCHET_STORE_URI: '/srv/secret' }, /^environment variable RATCHET_STORE_URI: expected file:/],
  [{ RATCHET_METRICS_ADDRESS: 'secret' }, /^environment variable RATCHET_METRICS_ADDRESS: expected <IP address>:<port>/],
  [{ RATCHET_METRICS_ADDRESS: '127.0.0.1:70000' }, /^environment variable RATCHET_METRICS_ADDRESS: expected <IP address>:<port>/],
  [{ RATCHET_SAGEMAKER_ROLE_ARN: 'secret' }, /^environment variable RATCHET_SAGEMAKER_ROLE_ARN: expected the ARN of a role/],
  [
    { RATCHET_SAGEMAKER_SERVING_ROLE_ARN: 'secret' },
    /^environment variable RATCHET_SAGEMAKER_SERVING_ROLE_ARN: expected the ARN of a role/,
  ],
  [
    { RATCHET_SAGEMAKER_ROLE_ARN: role },
    /^environment variable RATCHET_STORE_URI: expected s3:.*RATCHET_SAGEMAKER_ROLE_ARN is set and its trainings reach.*found a folder/,
  ],
  [
    { RATCHET_SAGEMAKER_SERVING_ROLE_ARN: role },
    /^environment variable RATCHET_STORE_URI: expected s3:.*RATCHET_SAGEMAKER_SERVING_ROLE_ARN is set and its model servers reach.*found a folder/,
  ],
  [{ RATCHET_CLOUDWATCH_LAG_SECONDS: 'secret' }, /^environment variable RATCHET_CLOUDWATCH_LAG_SECONDS: expected a number of seconds/],
  [{ RATCHET_SAGEMAKER_NAME_PREFIX: 'se/cret' }, /^environment variable RATCHET_SAGEMAKER_NAME_PREFIX: expected at most 20 /],
  [
    { RATCHET_KUBERNETES_NAMESPACES: 'ml train' },
    /^environment variable RATCHET_KUBERNETES_NAMESPACES: expected namespaces, divided by commas/,
  ],
  [
    { RATCHET_KUBERNETES_SERVING_NAMESPACES: 'ml serve' },
    /^environment variable RATCHET_KUBERNETES_SERVING_NAMESPACES: expected namespaces/,
  ],
  [
    { RATCHET_KUBERNETES_ROUTERS: 'secret' },
    /^environment variable RATCHET_KUBERNETES_ROUTERS: expected gateway-api, istio, argo-rollouts or several/,
  ],
  [{ RATCHET_WATCH_HEARTBEAT_SECONDS: 'often' }, /^environment variable RATCHET_WATCH_HEARTBEAT_SECONDS: expected a number of seconds/],
])('%j is refused by name, without its value, which may hold a secret', ([variables, message]) => {
  const start = () => workerConfig({ ...enough, ...variables });
  expect(start).toThrow(message);
  expect(start).not.toThrow(/secret/);
});
