import type { Feature } from './data-spec.js';
import type { FeatureRow } from './serving.js';

/** Open Inference Protocol V2: one tensor a feature. */
export interface InferenceRequest {
  readonly inputs: readonly {
    readonly name: string;
    readonly shape: readonly [rows: number];
    readonly datatype: 'FP64' | 'BYTES';
    readonly data: readonly (number | string | null)[];
  }[];
}

/**
 * Rows as tensors. A feature that no row names is left out: whether it may be is the server's to say. A name that the spec
 * does not know is sent as what its values are, for the same reason. Pure.
 */
export function inferenceRequest(features: readonly Pick<Feature, 'name' | 'type'>[], rows: readonly FeatureRow[]): InferenceRequest {
  const named = new Set(rows.flatMap((row) => Object.keys(row)));
  const known = features.filter(({ name }) => named.delete(name));
  const unknown = [...named].map((name) => ({ name, type: typeOf(rows, name) }));
  return {
    inputs: [...known, ...unknown].map(({ name, type }) => ({
      name,
      shape: [rows.length],
      datatype: type === 'number' ? 'FP64' : 'BYTES',
      data: rows.map((row) => row[name] ?? null),
    })),
  };
}

function typeOf(rows: readonly FeatureRow[], name: string): 'number' | 'category' {
  return rows.some((row) => typeof row[name] === 'string') ? 'category' : 'number';
}
