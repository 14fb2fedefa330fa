import type { ModelVersion } from '../domain/candidate.js';
import type { ModelSpec } from '../domain/model-spec.js';
import type { InstanceSpec } from '../domain/serving.js';
import { serversOf } from '../domain/serving-cluster.js';
import type { ServingSpec } from '../domain/serving-spec.js';

/** `<model>-<cycle>`: the same version is the same instance, whoever asks. */
export function instanceName(model: string, cycle: number): string {
  return `${model}-${cycle}`;
}

/** New processes of the champion that stand beside a challenger, under the same weight. */
export function freshInstanceName(model: string, championCycle: number, challengerCycle: number): string {
  return `${model}-${championCycle}-fresh-${challengerCycle}`;
}

/** What is run for a version, by the spec of the cycle that made it and how its model is served now. */
export function instanceSpecOf(name: string, model: string, version: ModelVersion, made: ModelSpec, serving: ServingSpec): InstanceSpec {
  const cluster = serversOf(serving.cluster);
  return {
    name,
    model,
    version: version.version,
    artifact: version.model,
    features: made.spec.data.features.map(({ name: feature, type, nullable }) => ({ name: feature, type, nullable })),
    replicas: serving.replicas,
    rowsMax: serving.rowsMax,
    keyHeader: serving.stickyBy ?? null,
    readySecondsMax: serving.readySecondsMax,
    ...(cluster !== undefined && { cluster }),
  };
}
