import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';

/** `sha256:` and 64 lower-case hex digits: the name of every document, file and model. */
export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256:<64 hex digits>');
export type Digest = z.infer<typeof Digest>;

/**
 * RFC 8785 canonical JSON. Half a surrogate, as a text that was cut has one, has no UTF-8: it is written as U+FFFD.
 * @throws {TypeError} the value has no JSON form (undefined, NaN, a function): it could not be read back the same.
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalForm(value);
  if (text === undefined) throw new TypeError('canonicalJson: expected a JSON value, found undefined');
  return text;
}

function canonicalForm(value: unknown): string | undefined {
  try {
    return canonicalize(value);
  } catch (error) {
    if (!(error instanceof Error && /surrogate/i.test(error.message))) throw error;
    return canonicalize(wellFormed(value));
  }
}

/** A JSON value as it is read back after it was stored: U+FFFD for half a surrogate. */
export function wellFormed<T>(value: T): T;
export function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map((each: unknown) => wellFormed(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [wellFormed(key), wellFormed(each)]));
}

/** The digest of bytes. */
export function digestOfBytes(bytes: Uint8Array | string): Digest {
  return `sha256:${hash('sha256', bytes, 'hex')}`;
}

/** The digest of a JSON document: SHA-256 over its RFC 8785 form, so key order and white space do not matter. */
export function digestOf(value: unknown): Digest {
  return digestOfBytes(canonicalJson(value));
}

/** The first eight hex digits, as people read them in version names. */
export function shortDigest(digest: Digest): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 8);
}
