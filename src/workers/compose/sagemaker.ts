import { createSageMakerJobCluster } from '../../adapters/sagemaker/job-cluster.js';
import type { WorkerConfig } from '../../config/worker-config.js';
import type { ObjectStore } from '../../ports/object-store.js';
import type { OtherClusters } from './job-clusters.js';
import { passOn } from './pass-on.js';

/** What a job may know of the worker's environment: where services are, no secrets; its role is SageMaker's to give. */
const passedOn = /^(AWS_ENDPOINT_URL_S3|MLFLOW_TRACKING_URI|RATCHET_STORE_KMS_KEY_ID)$/;

/** SageMaker, where the worker was told of a role for its jobs. Nothing is asked of it before the first job. */
export function openSageMaker({ sageMaker }: WorkerConfig, objectStore: ObjectStore, environment: NodeJS.ProcessEnv): OtherClusters {
  if (sageMaker === null) return {};
  return { sagemaker: createSageMakerJobCluster({ ...sageMaker, objectStore, containerEnvironment: passOn(environment, passedOn) }) };
}
