import { z } from 'zod';
import { ModelSpec } from '../../domain/model-spec.js';
import type { Path } from './problem.js';

/** The part of JSON Schema that our documents use. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: string;
  readonly pattern?: string;
}

/** JSON Schema (draft 2020-12) of the model file as people write it: keys with a default may be left out. */
export function modelFileSchema(): SchemaNode {
  return z.toJSONSchema(ModelSpec, { io: 'input', target: 'draft-2020-12' }) as SchemaNode;
}

/** The schema of what stands at a path; of alternatives, the one that shares most keys with the value. */
export function schemaAt(root: SchemaNode, path: Path, value: unknown): SchemaNode | null {
  let node: SchemaNode | null = chosen(root, value);
  let here = value;
  for (const part of path) {
    if (node === null) return null;
    here = typeof here === 'object' && here !== null ? (here as Record<string | number, unknown>)[part] : undefined;
    node = chosen(childOf(node, part), here);
  }
  return node;
}

function childOf(node: SchemaNode, part: string | number): SchemaNode | null {
  if (typeof part === 'number') return node.items ?? null;
  const additional = typeof node.additionalProperties === 'object' ? node.additionalProperties : null;
  return node.properties?.[part] ?? additional;
}

function chosen(node: SchemaNode | null, value: unknown): SchemaNode | null {
  const options = node?.oneOf ?? node?.anyOf;
  if (node === null || options === undefined) return node;
  const index = nearestOption(options, value);
  return { ...options[index], description: node.description ?? options[index]?.description };
}

/** Which of the alternatives a person most likely meant. */
export function nearestOption(options: readonly SchemaNode[], value: unknown): number {
  const keys = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const scores = options.map((option) =>
    keys.reduce((score, [key, child]) => {
      const schema = option.properties?.[key];
      if (schema === undefined) return score;
      return score + (schema.const === undefined ? 1 : schema.const === child ? 100 : 0);
    }, 0),
  );
  return scores.indexOf(Math.max(...scores));
}
