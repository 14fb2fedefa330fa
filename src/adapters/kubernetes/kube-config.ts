import { KubeConfig } from '@kubernetes/client-node';

/**
 * The cluster that trainings run on.
 *
 * @param file a kubeconfig; null: the pod's own service account where we run in a pod, else KUBECONFIG or ~/.kube/config
 * @throws {Error} the file cannot be read or names no cluster
 */
export function loadKubeConfig(file: string | null): KubeConfig {
  const config = new KubeConfig();
  if (file === null) config.loadFromDefault();
  else config.loadFromFile(file);
  if (config.getCurrentCluster() === null)
    throw new Error(`kubeconfig ${file ?? ''}: expected a current context that names a cluster, found none: kubectl config use-context`);
  return config;
}
