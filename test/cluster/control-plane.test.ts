import { expect, inject, test } from 'vitest';
import { createKubectl } from '../servers/kubectl.js';

const kubernetes = inject('kubernetes');

test.skipIf(kubernetes === null)('a Job runs to its end on a node with GPUs (skipped where no control plane was built)', async () => {
  const kubectl = createKubectl(kubernetes!.binary, kubernetes!.kubeconfig);
  await kubectl(['create', 'namespace', 'control-plane']);
  await kubectl(['apply', '-f', '-'], JSON.stringify(job));
  await kubectl(['wait', '--for=condition=complete', 'job/quick', '--namespace=control-plane', '--timeout=60s']);
  const pods = JSON.parse(await kubectl(['get', 'pods', '--namespace=control-plane', '--output=json'])) as { items: unknown[] };
  expect(pods.items).toMatchObject([{ spec: { nodeName: 'kwok-0' }, status: { phase: 'Succeeded' } }]);
});

const job = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'quick', namespace: 'control-plane' },
  spec: {
    template: {
      spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'any', resources: { limits: { 'nvidia.com/gpu': '2' } } }] },
    },
  },
};
