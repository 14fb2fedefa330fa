import { createLoggedMetricSource } from '../../adapters/prediction-log/metric-source.js';
import { createSageMakerMetricSource } from '../../adapters/sagemaker/endpoint-metric-source.js';
import { createSageMakerTrafficRouter } from '../../adapters/sagemaker/endpoint-router.js';
import { createSageMakerServing } from '../../adapters/sagemaker/endpoint-serving.js';
import type { WorkerConfig } from '../../config/worker-config.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { passOn } from './pass-on.js';
import type { ServingPlaces } from './servings.js';
import type { PlacedRouter } from './traffic-routers.js';

/** What a model server may know of the worker's environment: where services are, no secrets; its role is SageMaker's to give. */
const passedOn = /^(AWS_ENDPOINT_URL_S3|RATCHET_STORE_KMS_KEY_ID)$/;

type Config = Pick<WorkerConfig, 'sageMakerServing'>;

/** SageMaker, where the worker was told of a role for model servers. Nothing is asked of it before the first version is served. */
export function openSageMakerServing({ sageMakerServing }: Config, store: ObjectStore, environment: NodeJS.ProcessEnv): ServingPlaces {
  if (sageMakerServing === null) return {};
  const { metricsLagSeconds, ...account } = sageMakerServing;
  const containerEnvironment = passOn(environment, passedOn);
  const serving = createSageMakerServing({ ...account, store, containerEnvironment, environment });
  const counts = createSageMakerMetricSource({ ...account, lagSeconds: metricsLagSeconds, environment });
  const modelOf = async (instance: string): Promise<string | null> => (await serving.describe(instance))?.model ?? null;
  return { sagemaker: { serving, metrics: createLoggedMetricSource({ counts, store, modelOf }) } };
}

/** One for all endpoints of the account. */
export function openSageMakerRouters({ sageMakerServing }: Config, environment: NodeJS.ProcessEnv): PlacedRouter[] {
  if (sageMakerServing === null) return [];
  const { metricsLagSeconds: _lag, ...account } = sageMakerServing;
  return [{ kind: 'sagemaker', namespace: null, router: createSageMakerTrafficRouter({ ...account, environment, url: '' }) }];
}
