import { createLocalLabelReader } from '../../adapters/local/label-reader.js';
import { createLocalMetricSource } from '../../adapters/local/metric-source.js';
import { loadKubeConfig } from '../../adapters/kubernetes/kube-config.js';
import { createKubernetesServing } from '../../adapters/kubernetes/serving/serving.js';
import { createCloudWatchAlarms } from '../../adapters/sagemaker/alarm-source.js';
import type { WorkerConfig } from '../../config/worker-config.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { openKubernetesRouters } from './kubernetes-routers.js';
import { addressesBy, openLocalServing, type LocalServingConfig, type ServingPorts } from './local-serving.js';
import { passOn } from './pass-on.js';
import { openSageMakerRouters, openSageMakerServing } from './sagemaker-serving.js';
import { joinMetricSources, joinServings } from './servings.js';
import type { ServingPlaces } from './servings.js';
import { joinTrafficRouters } from './traffic-routers.js';

type ServingConfig = LocalServingConfig & Pick<WorkerConfig, 'kubernetesServing' | 'sageMakerServing'>;

/** What a model server may know of the worker's environment: where services are, no secrets. */
const passedOn = /^(AWS_REGION|AWS_DEFAULT_REGION|AWS_ENDPOINT_URL(_S3)?|RATCHET_STORE_KMS_KEY_ID)$/;

/** Model servers, router and metrics of this machine, where there is a proxy, and of the places that the worker was told of. */
export function composeServing(config: ServingConfig, store: ObjectStore, environment: NodeJS.ProcessEnv): ServingPorts {
  const local = openLocalServing(config, store);
  const places = { ...openKubernetesServing(config, store, environment), ...openSageMakerServing(config, store, environment) };
  const labels = createLocalLabelReader({ pythonBin: config.pythonBin, stepsPath: config.stepsPath, storeUri: store.uri });
  return {
    serving: joinServings(local.serving, places),
    router: joinTrafficRouters(local.router, [...openKubernetesRouters(config), ...openSageMakerRouters(config, environment)]),
    metrics: joinMetricSources(local, places),
    labels: config.traffic === null && Object.keys(places).length === 0 ? local.labels : labels,
    ...(config.sageMakerServing !== null && { alarms: createCloudWatchAlarms({ environment }) }),
  };
}

function openKubernetesServing({ kubernetesServing }: ServingConfig, store: ObjectStore, environment: NodeJS.ProcessEnv): ServingPlaces {
  if (kubernetesServing === null) return {};
  const { namespaces, kubeconfig } = kubernetesServing;
  const kubeConfig = loadKubeConfig(kubeconfig);
  const serving = createKubernetesServing({ kubeConfig, namespaces, store, environment: passOn(environment, passedOn) });
  // A gateway's own counts are its owner's: the servers count what reaches them.
  return { kubernetes: { serving, metrics: createLocalMetricSource({ adminUrl: null, replicasOf: addressesBy(serving) }) } };
}
