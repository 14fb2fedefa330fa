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
 * An audit asks this of every record, so a path is only put together where there is a difference.
 */
export function jsonDifference(left: unknown, right: unknown): JsonDifference | null {
  if (left === right || Object.is(left, right)) return null;
  if (!isObject(left) || !isObject(right) || Array.isArray(left) !== Array.isArray(right)) return { path: '', left, right };
  if (Array.isArray(left) && left.length !== right.length) return { path: '', left, right };
  for (const key in left) {
    const difference = jsonDifference(left[key], right[key]);
    if (difference !== null) return { ...difference, path: difference.path === '' ? key : `${key}.${difference.path}` };
  }
  for (const key in right) {
    if (right[key] !== undefined && left[key] === undefined) return { path: key, left: undefined, right: right[key] };
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
