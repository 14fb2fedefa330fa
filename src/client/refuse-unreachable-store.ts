import { RatchetError } from '../domain/failure.js';
import type { ModelSpec } from '../domain/model-spec.js';

/**
 * SageMaker reads models and writes results in S3 alone. Told when the file is applied, and not when a cycle has trained for
 * nothing or a server never becomes ready.
 * @throws {RatchetError} SpecInvalid: names the field
 */
export function refuseUnreachableStore(storeUri: string, { spec: { trainer, serving } }: ModelSpec): void {
  if (storeUri.startsWith('s3://')) return;
  const places = { 'spec.trainer.cluster': trainer.cluster, 'spec.serving.cluster': serving?.cluster };
  for (const [field, cluster] of Object.entries(places)) {
    if (cluster?.kind !== 'sagemaker') continue;
    throw new RatchetError(
      'SpecInvalid',
      `${field}: expected a store that kind: sagemaker reaches, s3://<bucket>/<prefix>, found ${storeUri}`,
      {
        remedy: 'set RATCHET_STORE_URI here and for every worker, or write kind: local; then apply again',
      },
    );
  }
}
