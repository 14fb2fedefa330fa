import { createMlflowModelRegistry } from '../../adapters/mlflow/model-registry.js';
import { createSageMakerModelRegistry } from '../../adapters/sagemaker/model-registry.js';
import type { WorkerConfig } from '../../config/worker-config.js';
import type { RegistryKind } from '../../domain/model-spec.js';
import type { ModelRegistry } from '../../ports/model-registry.js';

/** The registry that a model file names. Nothing is asked of one that no model names. */
export function openRegistries({ mlflowTrackingUri }: WorkerConfig): (kind: RegistryKind) => ModelRegistry {
  const registries: Record<RegistryKind, ModelRegistry> = {
    mlflow: createMlflowModelRegistry({ trackingUri: mlflowTrackingUri }),
    sagemaker: createSageMakerModelRegistry({}),
  };
  return (kind) => registries[kind];
}
