/** Where two JSON documents differ first, in the words of a path: `version.model.digest`. */
export interface JsonDifference {
  /** '' is the whole document. */
  readonly path: string;
  readonly left: unknown;
  readonly right: unknown;
}

/**
 * The first difference between two JSON documents, or null where their canonical forms are equal.
 *
 * Pure. Key order does not matter and an undefined property is an absent one, as in RFC 8785 and `JSON.stringify`.
 */
export function jsonDifference(left: unknown, right: unknown, path = ''): JsonDifference | null {
  if (Object.is(left, right) || left === right) return null;
  if (!isObject(left) || !isObject(right) || Array.isArray(left) !== Array.isArray(right)) return { path, left, right };
  if (Array.isArray(left) && left.length !== (right as unknown as unknown[]).length) return { path, left, right };
  for (const key of Object.keys(left)) {
    const difference = jsonDifference(left[key], right[key], join(path, key));
    if (difference !== null) return difference;
  }
  for (const key of Object.keys(right)) {
    if (right[key] !== undefined && !Object.hasOwn(left, key)) {
      return { path: join(path, key), left: undefined, right: right[key] };
    }
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
