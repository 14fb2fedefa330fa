import { createKubernetesJobCluster } from '../../adapters/kubernetes/job-cluster.js';
import { loadKubeConfig } from '../../adapters/kubernetes/kube-config.js';
import type { WorkerConfig } from '../../config/worker-config.js';
import type { ObjectStore } from '../../ports/object-store.js';
import type { OtherClusters } from './job-clusters.js';
import { passOn } from './pass-on.js';

/** What a job may know of the worker's environment: where services are, no secrets. */
const passedOn = /^(AWS_REGION|AWS_DEFAULT_REGION|AWS_ENDPOINT_URL(_S3)?|MLFLOW_TRACKING_URI)$/;

/** Kubernetes, where the worker was told of namespaces. Nothing is asked of it before the first job. */
export function openKubernetes({ kubernetes }: WorkerConfig, objectStore: ObjectStore, environment: NodeJS.ProcessEnv): OtherClusters {
  if (kubernetes === null) return {};
  return {
    kubernetes: createKubernetesJobCluster({
      kubeConfig: loadKubeConfig(kubernetes.kubeconfig),
      namespaces: kubernetes.namespaces,
      objectStore,
      environment: passOn(environment, passedOn),
      clearStored: null, // a life-cycle rule of the bucket does
    }),
  };
}
