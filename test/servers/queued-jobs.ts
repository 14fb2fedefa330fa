import { BatchV1Api } from '@kubernetes/client-node';
import { jobManifest } from '../../src/adapters/kubernetes/job-manifest.js';
import { loadKubeConfig } from '../../src/adapters/kubernetes/kube-config.js';
import { digestOf } from '../../src/domain/digest.js';
import { KubernetesCluster } from '../../src/domain/kubernetes-cluster.js';
import { nodeJob } from '../contracts/job-cluster.js';
import { inTurn } from '../in-turn.js';

const AT_ONCE = 16;

/** Jobs as the worker makes them, which wait for their queue, so that none needs a pod. @returns their names */
export async function makeQueuedJobs(kubeconfig: string, namespace: string, count: number): Promise<string[]> {
  const batch = loadKubeConfig(kubeconfig).makeApiClient(BatchV1Api);
  const cluster = KubernetesCluster.parse({ kind: 'kubernetes', image: 'registry.example/trainer@sha256:0', queue: 'research' });
  const place = { namespace, storeUri: 'memory:', environment: {}, checkpoints: null };
  const names = Array.from({ length: count }, (_, index) => `m-c${index + 1}-train-a1`);
  await inTurn(names, AT_ONCE, async (name) => {
    const { name: _name, ...rest } = nodeJob('', { cluster });
    await batch.createNamespacedJob({ namespace, body: jobManifest({ ...rest, name }, cluster, digestOf(rest), place) });
  });
  return names;
}
