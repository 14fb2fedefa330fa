import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findJsonFault } from '../../src/domain/json-fault.js';

const notFinite = 'a number that is not finite has no JSON form; write null';

describe('a text that is no JSON is told with what stands where, and what was expected', () => {
  test.for<[text: string, fault: string]>([
    ['{"auc": NaN}', `NaN at line 1 column 9: ${notFinite}`],
    ['{\n  "metrics": {\n    "auc": -Infinity\n  }\n}', `-Infinity at line 3 column 12: ${notFinite}`],
    ['[1, inf]', `inf at line 1 column 5: ${notFinite}`],
    ['', 'the end of the file at line 1 column 1: expected a value'],
    ['{"auc": ', 'the end of the file at line 1 column 9: expected a value'],
    ['{"auc": 0.7', 'the end of the file at line 1 column 12: expected "," or "}"'],
    ['{"auc": "0.7', 'the end of the file in the text that begins at line 1 column 9: expected its closing quote'],
    ["{'auc': 0.7}", '\' at line 1 column 2: expected a name in double quotes or "}"'],
    ['{"auc": 0.7,}', '} at line 1 column 13: expected a name in double quotes'],
    ['{"auc" 0.7}', '0.7 at line 1 column 8: expected ":"'],
    ['[1 2]', '2 at line 1 column 4: expected "," or "]"'],
    ['{"isGood": True}', 'True at line 1 column 12: expected a value'],
    ['{"auc": .7}', '.7 at line 1 column 9: expected a value'],
    ['{"auc": 07}', '07 at line 1 column 9: expected a value'],
    ['{"a": 1} {"b": 2}', '{ at line 1 column 10: expected nothing after the document'],
    ['\ufeff{}', 'U+FEFF at line 1 column 1: expected a value'],
    ['{"said": "one\ntwo"}', 'U+000A at line 1 column 14: expected it as an escape (\\n, \\t, \\u0000) inside a text'],
    ['{"path": "C:\\data"}', 'a backslash at line 1 column 13: expected an escape after it (\\\\, \\n, \\u0041)'],
  ])('%j', ([text, fault]) => {
    expect(findJsonFault(text)).toBe(fault);
  });
});

test('it calls JSON what JSON.parse can read, and nothing else', () => {
  const mutated = fc
    .tuple(fc.json(), fc.nat(), fc.nat(3), fc.constantFrom('', '"', '\\', ',', ':', '{', ']', '0', '-', 'e', 'null', ' ', '\n', '\u0001'))
    .map(([text, at, cut, put]) => {
      const index = at % (text.length + 1);
      return text.slice(0, index) + put + text.slice(index + cut);
    });
  fc.assert(
    fc.property(mutated, (text) => {
      expect(findJsonFault(text) === null).toBe(isJson(text));
    }),
    { numRuns: 5000 },
  );
});

test('megabytes in one text, and a deep nest, are read like any other', () => {
  expect(findJsonFault(`{"a": "${'x'.repeat(2 ** 24)}", "b": NaN}`)).toContain('NaN at line 1 column');
  expect(findJsonFault('['.repeat(1_000_000))).toContain('expected a value or "]"');
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
