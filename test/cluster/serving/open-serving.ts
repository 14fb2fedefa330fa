import { KubeConfig } from '@kubernetes/client-node';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { loadKubeConfig } from '../../../src/adapters/kubernetes/kube-config.js';
import { createKubernetesServing } from '../../../src/adapters/kubernetes/serving/serving.js';
import { KubernetesServers } from '../../../src/domain/kubernetes-servers.js';
import { createMemoryStore } from '../../fakes/memory-store.js';
import { createKubectl } from '../../servers/kubectl.js';

const rights = fileURLToPath(new URL('../../../deploy/kubernetes/serving-rbac.yaml', import.meta.url));
let namespaceNumber = 1;

/** Where the servers of a test run: on kwok's node, unless another one is named. */
export function serversOf(change: Partial<KubernetesServers> = {}): KubernetesServers {
  return KubernetesServers.parse({ kind: 'kubernetes', image: 'registry.example/serve@sha256:0', cpus: 0.1, ...change });
}

/**
 * Serving in a namespace of its own. It has the rights of deploy/kubernetes/serving-rbac.yaml and no others, and the namespace
 * lets in only pods that keep the strictest of the Pod Security Standards.
 */
export async function openServing(at = inject('kubernetes')!) {
  const namespace = `serving-${process.pid}-${namespaceNumber++}`;
  const kubectl = createKubectl(at.binary, at.kubeconfig);
  await kubectl(['create', 'namespace', namespace]);
  await kubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
  await kubectl(['-n', namespace, 'apply', '-f', rights]);
  const token = (await kubectl(['-n', namespace, 'create', 'token', 'ratchet-worker'])).trim();
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(loadKubeConfig(at.kubeconfig).getCurrentCluster()!, { name: 'worker', token });
  const store = createMemoryStore();
  const open = (environment = {}) => createKubernetesServing({ kubeConfig, namespaces: [namespace], store, environment });
  /** Runs kubectl in the namespace, as the administrator. */
  const run = (...args: string[]) => kubectl(['-n', namespace, ...args]);
  const read = async (...args: string[]): Promise<unknown> => JSON.parse(await run('get', ...args, '-o', 'json'));
  return { serving: open(), open, kubeConfig, store, namespace, run, read };
}
