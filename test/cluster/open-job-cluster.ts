import { inject } from 'vitest';
import { createKubernetesJobCluster, type KubernetesJobClusterOptions } from '../../src/adapters/kubernetes/job-cluster.js';
import { KubernetesCluster } from '../../src/domain/kubernetes-cluster.js';
import type { JobSpec } from '../../src/domain/job.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { nodeJob } from '../contracts/job-cluster.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { openWorkerNamespace, type ControlPlane } from './worker-namespace.js';

/**
 * A job cluster in a namespace of its own, on the cluster that the test files share or on another one, with a worker's rights.
 */
export async function openJobCluster(at: ControlPlane = inject('kubernetes')!, objectStore: ObjectStore = createMemoryStore()) {
  const opened = await openWorkerNamespace(at, 'jobs', ['worker-rbac.yaml']);
  const { namespace, kubectl, read, kubeConfig } = opened;
  const open = (changes: Partial<KubernetesJobClusterOptions> = {}) =>
    createKubernetesJobCluster({ kubeConfig, namespaces: [namespace], objectStore, environment: {}, clearStored: null, ...changes });
  /** Through the API, as a drain does it. */
  async function evict(jobName: string): Promise<void> {
    const { items } = (await read('pods', '-l', `batch.kubernetes.io/job-name=${jobName}`)) as { items: { metadata: { name: string } }[] };
    const { name } = items[0]!.metadata;
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
    await kubectl(['create', '--raw', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, '-f', '-'], JSON.stringify(eviction));
  }
  return { ...opened, cluster: open(), open, evict };
}

/** A job whose pod comes to the given end in test/cluster/stages.yaml. */
export function fatedJob(fate: Record<string, string>, changes: Partial<JobSpec> = {}, cluster: Partial<KubernetesCluster> = {}): JobSpec {
  return nodeJob('', {
    command: ['train'],
    environment: fate,
    cluster: KubernetesCluster.parse({
      kind: 'kubernetes',
      image: 'registry.example/trainer@sha256:0',
      nodeSelector: { type: 'kwok' }, // else it may go to a node of another test file, which knows no fates
      ...cluster,
    }),
    ...changes,
  });
}

export const never = { KWOK_FATE: 'Never' };
export const done = (output: unknown) => ({ KWOK_MESSAGE: JSON.stringify(output) });
