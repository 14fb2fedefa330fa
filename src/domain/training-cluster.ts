import { z } from 'zod';
import { KubernetesCluster } from './kubernetes-cluster.js';
import { SageMakerCluster } from './sagemaker-cluster.js';

export const LocalCluster = z.strictObject({ kind: z.literal('local').describe('Trains as a process of the worker’s machine.') });

/** Where trainings run: the one block that differs between a laptop and a cluster. */
export const TrainingCluster = z.discriminatedUnion('kind', [LocalCluster, KubernetesCluster, SageMakerCluster]);
export type TrainingCluster = z.infer<typeof TrainingCluster>;

/** The image that a training runs in, which is part of what made the model; null: the worker's own environment. */
export function imageOf(cluster: TrainingCluster | undefined): string | null {
  return cluster === undefined || cluster.kind === 'local' ? null : cluster.image;
}
