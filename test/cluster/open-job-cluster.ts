import { KubeConfig } from '@kubernetes/client-node';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { createKubernetesJobCluster } from '../../src/adapters/kubernetes/job-cluster.js';
import { loadKubeConfig } from '../../src/adapters/kubernetes/kube-config.js';
import { KubernetesCluster } from '../../src/domain/kubernetes-cluster.js';
import type { JobSpec } from '../../src/domain/job.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { nodeJob } from '../contracts/job-cluster.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { createKubectl } from '../servers/kubectl.js';

const rights = fileURLToPath(new URL('../../deploy/kubernetes/worker-rbac.yaml', import.meta.url));
let namespaceNumber = 1;

/**
 * A job cluster in a namespace of its own, on the cluster that the test files share or on another one. It has the rights of
 * deploy/kubernetes and no others, and the namespace lets in only pods that keep the strictest of the Pod Security Standards.
 */
export async function openJobCluster(
  at: { readonly binary: string; readonly kubeconfig: string } = inject('kubernetes')!,
  objectStore: ObjectStore = createMemoryStore(),
) {
  const namespace = `jobs-${process.pid}-${namespaceNumber++}`;
  const kubectl = createKubectl(at.binary, at.kubeconfig);
  await kubectl(['create', 'namespace', namespace]);
  await kubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
  await kubectl(['-n', namespace, 'apply', '-f', rights]);
  const token = (await kubectl(['-n', namespace, 'create', 'token', 'ratchet-worker'])).trim();
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(loadKubeConfig(at.kubeconfig).getCurrentCluster()!, { name: 'worker', token });
  const open = () => createKubernetesJobCluster({ kubeConfig, namespaces: [namespace], objectStore, environment: {}, clearStored: null });
  /** Runs kubectl in the namespace, as the administrator. */
  const run = (...args: string[]) => kubectl(['-n', namespace, ...args]);
  const read = async (...args: string[]): Promise<unknown> => JSON.parse(await run('get', ...args, '-o', 'json'));
  /** Through the API, as a drain does it. */
  async function evict(jobName: string): Promise<void> {
    const { items } = (await read('pods', '-l', `batch.kubernetes.io/job-name=${jobName}`)) as { items: { metadata: { name: string } }[] };
    const { name } = items[0]!.metadata;
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
    await kubectl(['create', '--raw', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, '-f', '-'], JSON.stringify(eviction));
  }
  return { cluster: open(), open, namespace, kubectl, run, read, evict };
}

/** A job whose pod comes to the given end in test/cluster/stages.yaml. */
export function fatedJob(fate: Record<string, string>, changes: Partial<JobSpec> = {}, cluster: Partial<KubernetesCluster> = {}): JobSpec {
  return nodeJob('', {
    command: ['train'],
    environment: fate,
    cluster: KubernetesCluster.parse({ kind: 'kubernetes', image: 'registry.example/trainer@sha256:0', ...cluster }),
    ...changes,
  });
}

export const never = { KWOK_FATE: 'Never' };
export const done = (output: unknown) => ({ KWOK_MESSAGE: JSON.stringify(output) });
