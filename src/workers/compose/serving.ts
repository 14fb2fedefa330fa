import { createLocalLabelReader } from '../../adapters/local/label-reader.js';
import { createLocalMetricSource } from '../../adapters/local/metric-source.js';
import { loadKubeConfig } from '../../adapters/kubernetes/kube-config.js';
import { createKubernetesServing } from '../../adapters/kubernetes/serving/serving.js';
import type { WorkerConfig } from '../../config/worker-config.js';
import type { ObjectStore } from '../../ports/object-store.js';
import type { Serving } from '../../ports/serving.js';
import { openKubernetesRouters } from './kubernetes-routers.js';
import { addressesBy, openLocalServing, type LocalServingConfig, type ServingPorts } from './local-serving.js';
import { passOn } from './pass-on.js';
import { joinMetricSources, joinServings } from './servings.js';
import { joinTrafficRouters } from './traffic-routers.js';

type ServingConfig = LocalServingConfig & Pick<WorkerConfig, 'kubernetesServing'>;

/** What a model server may know of the worker's environment: where services are, no secrets. */
const passedOn = /^(AWS_REGION|AWS_DEFAULT_REGION|AWS_ENDPOINT_URL(_S3)?|RATCHET_STORE_KMS_KEY_ID)$/;

/** Model servers, proxy and metrics of this machine, where there is a proxy, and of Kubernetes, where the worker was told of it. */
export function composeServing(config: ServingConfig, store: ObjectStore, environment: NodeJS.ProcessEnv): ServingPorts {
  const local = openLocalServing(config, store);
  const serving = joinServings(local.serving, openKubernetesServing(config, store, environment));
  const labels = createLocalLabelReader({ pythonBin: config.pythonBin, stepsPath: config.stepsPath, storeUri: store.uri });
  return {
    serving,
    router: joinTrafficRouters(local.router, openKubernetesRouters(config)),
    // A gateway's own counts are its owner's: the servers count what reaches them.
    metrics: joinMetricSources(
      local.metrics,
      config.kubernetesServing === null ? null : createLocalMetricSource({ adminUrl: null, replicasOf: addressesBy(serving) }),
      local.serving,
    ),
    labels: config.traffic === null && config.kubernetesServing === null ? local.labels : labels,
  };
}

function openKubernetesServing({ kubernetesServing }: ServingConfig, store: ObjectStore, environment: NodeJS.ProcessEnv): Serving | null {
  if (kubernetesServing === null) return null;
  const { namespaces, kubeconfig } = kubernetesServing;
  return createKubernetesServing({ kubeConfig: loadKubeConfig(kubeconfig), namespaces, store, environment: passOn(environment, passedOn) });
}
