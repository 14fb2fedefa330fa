import { BatchV1Api } from '@kubernetes/client-node';
import { jobManifest } from '../../src/adapters/kubernetes/job-manifest.js';
import { loadKubeConfig } from '../../src/adapters/kubernetes/kube-config.js';
import { digestOf } from '../../src/domain/digest.js';
import { KubernetesCluster } from '../../src/domain/kubernetes-cluster.js';
import { nodeJob } from '../contracts/job-cluster.js';

const AT_ONCE = 16;

/** Jobs as the worker makes them, which wait for their queue, so that none needs a pod. @returns their names */
export async function makeQueuedJobs(kubeconfig: string, namespace: string, count: number): Promise<string[]> {
  const batch = loadKubeConfig(kubeconfig).makeApiClient(BatchV1Api);
  const cluster = KubernetesCluster.parse({ kind: 'kubernetes', image: 'registry.example/trainer@sha256:0', queue: 'research' });
  const place = { namespace, storeUri: 'memory:', environment: {}, checkpoints: null };
  const names = Array.from({ length: count }, (_, index) => `m-c${index + 1}-train-a1`);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const { name, ...rest } = { ...nodeJob('', { cluster }), name: names[next++]! };
      await batch.createNamespacedJob({ namespace, body: jobManifest({ name, ...rest }, cluster, digestOf(rest), place) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return names;
}
