import { expect, test } from 'vitest';
import { problemText } from '../../../src/client/model-file/problem.js';
import { readModelFile } from '../../../src/client/model-file/read-model-file.js';
import { FILES, GOOD_MODEL_FILE, NOW_MS } from './good-model-file.js';

/** Lines 61 and on of the good file. */
const ROLLOUT = `  serving: {}
  rollout:
    steps:
      - { kind: shadow, bakeSeconds: 60 }
      - { kind: canary, weightPercent: 10, bakeSeconds: 60, bakeSecondsMax: 600 }
      - { kind: canary, weightPercent: 50, bakeSeconds: 60 }
      - { kind: full, bakeSeconds: 60 }
    bake: { seconds: 3600 }
    metrics:
      - { kind: errors }
      - { kind: latency }
      - { kind: mean, margin: 0.05, detect: 0.1 }
`;

function told(text: string): string[] {
  const { problems } = readModelFile(GOOD_MODEL_FILE + text, { file: 'm', fileExists: (path) => FILES.includes(path), nowMs: NOW_MS });
  return problems.filter(({ path }) => /rollout|serving/.test(path)).map((problem) => problemText(problem).slice('m:'.length));
}

test('a plan in order is told nothing', () => {
  expect(told(ROLLOUT)).toEqual([]);
});

