import { expect, test } from 'vitest';
import { ownServersOnly } from '../../src/cli/own-servers.js';

test('a demo or a dry run reaches nobody else’s servers, and starts where a worker for SageMaker would need a bucket', () => {
  const role = 'arn:aws:iam::111122223333:role/ratchet';
  const environment = {
    PATH: '/bin',
    RATCHET_PRICES_FILE: '/etc/prices.yaml',
    TEMPORAL_ADDRESS: '127.0.0.1:7233',
    RATCHET_STORE_URI: 's3://bucket/ratchet',
    RATCHET_SAGEMAKER_ROLE_ARN: role,
    RATCHET_SAGEMAKER_SERVING_ROLE_ARN: role,
  };
  expect(ownServersOnly(environment)).toEqual({ PATH: '/bin', RATCHET_PRICES_FILE: '/etc/prices.yaml' });
});
