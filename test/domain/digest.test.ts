import { expect, test } from 'vitest';
import { canonicalJson, digestOf } from '../../src/domain/digest.js';

const half = '\ud83d';

test('half a surrogate, as a text that was cut ends in, is written as what cannot be told', () => {
  const text = canonicalJson({ b: `cut${half}`, a: ['😀', `${half}${half}x`, '\udc00', 'a\\ud83d is no surrogate'] });
  expect(JSON.parse(text)).toEqual({ b: 'cut\ufffd', a: ['😀', '\ufffd\ufffdx', '\ufffd', 'a\\ud83d is no surrogate'] });
  expect(text.startsWith('{"a":')).toBe(true);
  expect(digestOf(JSON.parse(text))).toBe(
    digestOf({ b: `cut${half}`, a: ['😀', `${half}${half}x`, '\udc00', 'a\\ud83d is no surrogate'] }),
  );
});

test('what has no JSON form is refused as before', () => {
  expect(() => canonicalJson(undefined)).toThrow(TypeError);
  expect(() => canonicalJson({ a: NaN })).toThrow(/NaN/);
  expect(() => canonicalJson({ a: half, b: NaN })).toThrow(/NaN/);
});
