import { expect, test } from 'vitest';
import { problemText } from '../../../src/client/model-file/problem.js';
import { readModelFile } from '../../../src/client/model-file/read-model-file.js';
import { FILES, GOOD_MODEL_FILE, NOW_MS } from './good-model-file.js';

function told(text: string): string[] {
  const { problems } = readModelFile(GOOD_MODEL_FILE + text, { file: 'm', fileExists: (path) => FILES.includes(path), nowMs: NOW_MS });
  return problems.filter(({ path }) => path.includes('notices')).map((problem) => problemText(problem).slice('m:'.length));
}

test.for<[string, ...problems: string[]]>([
  ['  notices: [{ to: [chat] }]\n'],
  ['  notices: [{ to: [chat], on: [monitor] }, { to: [mail], on: [approval] }]\n'],
  [
    '  notices: [{ to: [chat], on: [monitor] }]\n',
    '60:3: warning: spec.notices: nobody is told through a route that a person must decide. Add approval to an `on`, or leave `on` out',
  ],
])('%s', ([text, ...problems]) => {
  expect(told(text)).toEqual(problems);
});

test.for(['  notices: [{ to: [chat], on: [aproval] }]\n', '  notices: [{ to: [] }]\n', '  notices: [{ to: ["Chat room"] }]\n'])(
  '%s is an error with its place',
  (text) => {
    expect(told(text)).toEqual([expect.stringMatching(/^60:\d+: error: spec\.notices\[0\]\.(on|to)/)]);
  },
);
