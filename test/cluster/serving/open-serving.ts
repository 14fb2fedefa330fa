import { inject } from 'vitest';
import { createKubernetesServing } from '../../../src/adapters/kubernetes/serving/serving.js';
import { KubernetesServers } from '../../../src/domain/kubernetes-servers.js';
import { createMemoryStore } from '../../fakes/memory-store.js';
import { openWorkerNamespace } from '../worker-namespace.js';

/** Where the servers of a test run: on kwok's node, unless another one is named. */
export function serversOf(change: Partial<KubernetesServers> = {}): KubernetesServers {
  return KubernetesServers.parse({ kind: 'kubernetes', image: 'registry.example/serve@sha256:0', cpus: 0.1, ...change });
}

/**
 * Serving in a namespace of its own, with the rights of a worker that serves.
 */
export async function openServing(at = inject('kubernetes')!) {
  const opened = await openWorkerNamespace(at, 'serving', ['serving-rbac.yaml']);
  const { namespace, kubeConfig } = opened;
  const store = createMemoryStore();
  const open = (environment = {}) => createKubernetesServing({ kubeConfig, namespaces: [namespace], store, environment });
  return { ...opened, serving: open(), open, store };
}
