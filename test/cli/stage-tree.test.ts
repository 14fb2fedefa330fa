import { describe, expect, test } from 'vitest';
import { EXIT_CODE } from '../../src/cli/await-outcome.js';
import { stageTree } from '../../src/cli/render/stage-tree.js';
import { facts, table } from '../../src/cli/render/table.js';
import type { CycleState, StageState } from '../../src/workflows/messages.js';

const digest = `sha256:${'a'.repeat(64)}` as const;
const plain = { colour: false, columns: 0, nowMs: Date.parse('2026-03-01T12:01:00Z') };

function stage(change: Partial<StageState>): StageState {
  return { stage: 'snapshot', phase: 'Waiting', attempt: 1, startedAt: null, endedAt: null, result: null, note: '', ...change };
}

function cycle(change: Partial<CycleState>): CycleState {
  const stages = [
    stage({
      phase: 'Succeeded',
      startedAt: '2026-03-01T12:00:00Z',
      endedAt: '2026-03-01T12:00:04.200Z',
      result: { stage: 'snapshot', evidenceDigest: digest, summary: '79,892 rows', cited: true },
    }),
    stage({ stage: 'train', phase: 'Running', attempt: 2, startedAt: '2026-03-01T12:00:30Z', note: 'running as flights-c7-train-a2' }),
    stage({ stage: 'judge' }),
  ];
  return {
    model: 'flights',
    cycle: 7,
    asOf: '2026-03-01T00:00:00Z',
    stages,
    verdict: null,
    candidateDigest: null,
    version: null,
    approval: null,
    outcome: null,
    reason: '',
    failure: null,
    ...change,
  };
}

test('a running cycle shows what is done, what runs for how long and what comes', () => {
  expect(stageTree(cycle({}), plain)).toEqual([
    'flights cycle 7 as of 2026-03-01: running',
    '├─ ✓ snapshot    4.2 s  79,892 rows (cited)',
    '├─ ▸ train      30.0 s  attempt 2: running as flights-c7-train-a2',
    '└─ · judge',
  ]);
});

test('a cycle that waits for people says so', () => {
  const approval = { candidateDigest: digest, votes: [], refused: [], openedAt: '2026-03-01T12:00:00Z', outcome: null };
  expect(stageTree(cycle({ approval, candidateDigest: digest }), plain)[0]).toBe(
    'flights cycle 7 as of 2026-03-01: waits for a person to sign',
  );
});

test('a rejected cycle names the first reason above and all below', () => {
  const verdict = { face: 'fail', next: 'stop', reasons: ['30 points too many', 'log-loss is worse'] } as const;
  const lines = stageTree(cycle({ outcome: 'rejected', reason: '30 points too many; log-loss is worse', verdict }), plain);
  expect(lines[0]).toBe('flights cycle 7 as of 2026-03-01: rejected: 30 points too many (and 1 more)');
  expect(lines.slice(-2)).toEqual(['   why: 30 points too many', '   why: log-loss is worse']);
});

test('a failure shows the log of its job once, below the tree, and what to do', () => {
  const message = 'job flights-c7-train-a1: exit code 1\nTraceback\nKeyError: temp\n';
  const failure = { type: 'JobFailed', class: 'invalid', message, remedy: 'ratchet retry' } as const;
  const stages = [stage({ stage: 'train', phase: 'Failed', note: message })];
  expect(stageTree(cycle({ outcome: 'failed', reason: message, failure, stages }), plain)).toEqual([
    'flights cycle 7 as of 2026-03-01: failed: job flights-c7-train-a1: exit code 1',
    '└─ ✗ train              job flights-c7-train-a1: exit code 1',
    '   JobFailed: job flights-c7-train-a1: exit code 1',
    '   Traceback',
    '   KeyError: temp',
    '   → ratchet retry',
  ]);
});

test('on a screen, lines are cut to its width and colours do not count', () => {
  const lines = stageTree(cycle({}), { ...plain, colour: true, columns: 30 });
  // eslint-disable-next-line no-control-regex
  const visible = lines.map((line) => line.replace(/\u001b\[\d+m/g, ''));
  expect(Math.max(...visible.map((line) => line.length))).toBeLessThanOrEqual(30);
  expect(lines[1]).toContain('\u001b[32m');
});

describe('exit codes of --wait', () => {
  test.for([
    ['promoted', 0],
    ['rejected', 2],
    ['inconclusive', 3],
    ['failed', 1],
    ['aborted', 1],
    ['superseded', 1],
  ] as const)('%s is %i', ([outcome, code]) => {
    expect(EXIT_CODE[outcome]).toBe(code);
  });
});

test('tables align, and nothing shows as a dash', () => {
  expect(
    table(
      ['A', 'LONGER'],
      [
        ['one', 1],
        [null, undefined],
      ],
    ),
  ).toEqual(['A    LONGER', 'one  1', '-    -']);
  expect(
    facts([
      ['a', 'x'],
      ['longer', null],
    ]),
  ).toEqual(['a       x', 'longer  -']);
});
