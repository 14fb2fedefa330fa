import { FakeRefusal } from './refusal.js';
import type { Document } from './server.js';

export const arnOf = (kind: string, name: string): string => `arn:aws:sagemaker:us-east-1:000000000000:${kind}/${name}`;

/** A name is given once. */
export function create(all: Map<string, Document>, kind: string, name: string, input: Document, arnField: string): Document {
  if (!/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/.test(name)) throw refusal(`${name}: no name of an ${kind}`);
  for (const { Value } of (input.Tags ?? []) as { Value: string }[])
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(Value))
      throw refusal(`tag value ${Value.slice(0, 40)}: expected letters, digits and _.:/=+-@`);
  if (all.has(name)) throw refusal(`Cannot create already existing ${kind} "${arnOf(kind, name)}".`);
  all.set(name, input);
  return { [arnField]: arnOf(kind, name) };
}

export function find(all: Map<string, Document>, kind: string, name: unknown): Document {
  const found = all.get(String(name));
  if (!found) throw refusal(`Could not find ${kind} "${arnOf(kind, String(name))}".`);
  return found;
}

export function remove(all: Map<string, Document>, name: unknown): Document {
  all.delete(String(name));
  return {};
}

export function list(all: Map<string, Document>, field: string, nameField: string, input: Document): Document {
  const {
    NameContains = '',
    MaxResults = 10,
    NextToken = '0',
  } = input as { NameContains?: string; MaxResults?: number; NextToken?: string };
  const names = [...all.keys()].filter((name) => name.includes(NameContains)).reverse();
  const page = names.slice(Number(NextToken), Number(NextToken) + MaxResults);
  const next = Number(NextToken) + page.length;
  return { [field]: page.map((name) => ({ [nameField]: name })), ...(next < names.length && { NextToken: String(next) }) };
}

export function refusal(message: string): FakeRefusal {
  return new FakeRefusal('ValidationException', message);
}
