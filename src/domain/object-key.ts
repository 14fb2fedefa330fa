import type { Digest } from './digest.js';
import { RatchetError } from './failure.js';

const keyPart = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
const keyCharsMax = 900;

/** Where content-addressed bytes lie in every object store. */
export function objectKey(digest: Digest): string {
  const hex = digest.startsWith('sha256:') ? digest.slice('sha256:'.length) : '';
  if (!/^[0-9a-f]{64}$/.test(hex)) throw refused('digest', 'sha256:<64 hex digits>', digest);
  return `objects/sha256/${hex.slice(0, 2)}/${hex}`;
}

/**
 * Lets a key through whose parts are plain names: no `..`, no leading slash, no hidden files, ASCII only, so that it is the
 * same name in a folder and in a bucket, in the same order.
 * @throws {RatchetError} AccessDenied: not retried, because the caller is wrong
 */
export function checkObjectKey(key: string): string {
  if (key.length > keyCharsMax || !key.split('/').every((part) => keyPart.test(part)))
    throw refused('key', 'letters, digits, "_", "-" and "." in parts divided by "/"', key);
  return key;
}

/** As checkObjectKey, for the beginning of keys: may be empty or end in the middle of a part. */
export function checkObjectKeyPrefix(prefix: string): string {
  const parts = prefix.split('/');
  if (parts.at(-1) === '') parts.pop();
  if (!parts.every((part) => keyPart.test(part)))
    throw refused('key prefix', 'letters, digits, "_", "-" and "." in parts divided by "/"', prefix);
  return prefix;
}

/** Lets through what jobs leave; the names below checkpoints are their trainers'. @throws {RatchetError} AccessDenied */
export function checkRemovableKey(key: string): string {
  const [root, ...rest] = key.split('/');
  const isBelow = rest.length >= 2 && rest.every((part) => !['', '.', '..'].includes(part)) && key.length <= keyCharsMax;
  if ((root === 'jobs' || root === 'checkpoints') && isBelow) return key;
  throw refused('key', 'one of a job or a checkpoint', key);
}

function refused(what: string, expected: string, found: string): RatchetError {
  return new RatchetError('AccessDenied', `object store ${what}: expected ${expected}, found ${JSON.stringify(found.slice(0, 200))}`);
}
