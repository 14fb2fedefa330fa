import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { simulationLines, type Simulation } from '../../src/cli/render/simulation.js';
import { GOOD_MODEL_FILE } from '../client/model-file/good-model-file.js';
import { temporaryFolder } from '../temporary-folder.js';
import { ratchet } from './terminal-in-test.js';

const ROLLOUT = `  serving: {}
  rollout:
    steps:
      - { kind: canary, weightPercent: 50, bakeSeconds: 60, bakeSecondsMax: 1200 }
      - { kind: full, bakeSeconds: 60, bakeSecondsMax: 3600 }
    bake: { seconds: 3600 }
    metrics: [{ kind: errors, detect: 4 }]
`;

function modelFile(rollout: string): string {
  const folder = temporaryFolder();
  for (const name of ['flights.py', 'train.py']) writeFileSync(join(folder, name), '');
  const file = join(folder, 'model.yaml');
  writeFileSync(file, GOOD_MODEL_FILE + rollout);
  return file;
}

test('tells for a plan and its traffic what becomes of each challenger', { timeout: 30_000 }, async () => {
  const file = modelFile(ROLLOUT);
  const { code, out } = await ratchet([
    'simulate',
    '-f',
    file,
    '--requests-per-second',
    '40',
    '--error-share',
    '0.02',
    '--runs',
    '3',
    '-o',
    'json',
  ]);
  expect(code).toBe(0);
  const { cases } = JSON.parse(out) as Simulation;
  expect(cases.map(({ name }) => name)).toEqual([
    'harmless',
    'errors × 2',
    'errors × 5',
    'every request refused',
    'latency × 1.5',
    'scores + 0.2',
  ]);
  expect(cases[0]).toMatchObject({ found: 0, passed: 1 });
  expect(cases[3]).toMatchObject({ found: 1, passed: 0 });
  expect(cases[3]!.seconds!.median).toBeLessThan(cases[0]!.seconds!.median);
});

test('tells what labels say of a challenger that predicts worse, and of one that earns less, days later', { timeout: 30_000 }, async () => {
  const rollout = ROLLOUT.replace(
    '- { kind: canary, weightPercent: 50, bakeSeconds: 60, bakeSecondsMax: 1200 }',
    '- { kind: shadow, bakeSeconds: 60, bakeSecondsMax: 4000000 }\n      - { kind: canary, weightPercent: 50, bakeSeconds: 60, bakeSecondsMax: 4000000 }',
  ).replace(
    '[{ kind: errors, detect: 4 }]',
    '[{ kind: quality, margin: 0.01 }, { kind: kpi, name: revenue, min: 0, max: 100, direction: down, margin: 2 }]',
  );
  const { code, out } = await ratchet(['simulate', '-f', modelFile(rollout), '--requests-per-second', '5', '--runs', '10', '-o', 'json']);
  expect(code).toBe(0);
  const { cases, labels, leftOut } = JSON.parse(out) as Simulation;
  expect([cases, leftOut, labels.delayHours]).toEqual([[], [], 24]);
  expect(labels.cases.map(({ name, found }) => [name, found])).toEqual([
    ['harmless', 0],
    ['logLoss + 0.02', expect.any(Number)],
    ['logLoss + 0.05', 1],
    ['revenue − 4', expect.any(Number)],
    ['revenue − 10', 1],
  ]);
  const [harmless, , worse, , poorer] = labels.cases;
  expect(harmless!.passed).toBeGreaterThanOrEqual(0.7);
  expect(worse!.seconds!.median).toBeGreaterThan(8 * 86_400); // so many days must be against it, and their labels come a day later
  expect(worse!.seconds!.p90).toBeLessThan(harmless!.seconds!.median);
  expect(poorer!.seconds!.median).toBeGreaterThan(worse!.seconds!.median); // copies say nothing of revenue
});

test.for<[name: string, rollout: string, args: string[], said: RegExp]>([
  ['no rollout', '', [], /expected a section spec\.rollout, found none/],
  ['no traffic', ROLLOUT, [], /expected the requests per second, found nothing[^]*--requests-per-second/],
  [
    'nothing that made traffic shows',
    ROLLOUT.replace('errors, detect: 4', 'distribution'),
    ['--requests-per-second', '9'],
    /expected another than distribution, found none/,
  ],
  ['a rate of 0', ROLLOUT, ['--requests-per-second', '0'], /expected a number above 0, found "0"/],
  ['a share in percent', ROLLOUT, ['--requests-per-second', '9', '--error-share', '2'], /expected a share from 0 to below 1/],
  ['days that do not differ', ROLLOUT, ['--day-spread', '0'], /expected a number above 0, found "0"/],
  ['half a run', ROLLOUT, ['--runs', '0.5'], /expected a whole number above 0/],
  ['a plan with a mistake', ROLLOUT.replace('kind: full', 'kind: shadow'), [], /model\.yaml:\d+:\d+: error/],
])('refused: %s', async ([, rollout, args, said]) => {
  const { code, out, err } = await ratchet(['simulate', '-f', modelFile(rollout), ...args]);
  expect(code).not.toBe(0);
  expect(out).toBe('');
  expect(err).toMatch(said);
});

test('the table has one line per challenger, and says what was left out', () => {
  const none = { seconds: null, requests: null };
  const lines = simulationLines({
    file: 'm.yaml',
    alpha: 0.01,
    traffic: { requestsPerSecond: 40, errorShare: 0.001 },
    cases: [
      {
        name: 'harmless',
        runs: 20,
        found: 0,
        undecided: 0.05,
        passed: 0.95,
        seconds: { median: 600, p90: 9000 },
        requests: { median: 900, p90: 12_345 },
      },
      { name: 'errors × 2', runs: 20, found: 0, undecided: 1, passed: 0, ...none },
    ],
    labels: {
      delayHours: 24,
      daySpread: 1,
      cases: [
        {
          name: 'harmless',
          runs: 20,
          found: 0,
          undecided: 0,
          passed: 1,
          seconds: { median: 1_296_000, p90: 1_900_800 },
          requests: { median: 9e6, p90: 12e6 },
        },
      ],
    },
    leftOut: ['distribution'],
  });
  expect(lines).toEqual([
    'm.yaml at 40 requests a second, 0.1% errors; 20 rollouts each',
    '',
    'challenger  found harmful  undecided  passed  after           requests',
    'harmless    0%             5%         95%     10 min (2.5 h)  900 (12k)',
    'errors × 2  0%             100%       0%      -               -',
    '',
    'by labels that come after 24 h, where days differ by 1 × margin (standard deviation):',
    '',
    'challenger  found harmful  undecided  passed  after                  requests',
    'harmless    0%             0%         100%    15.0 days (22.0 days)  9000k (12000k)',
    '',
    'after, requests: median (nine of ten) until found harmful; of the harmless one, and where none is found, until passed.',
    'A harmless challenger may be found harmful in at most 1% of rollouts (rollout.alpha), by all metrics together.',
    'Undecided at bakeSecondsMax also turns back: `ratchet lint` says per step how long it takes.',
    'Left out, for made traffic has nothing to compare them with: distribution.',
  ]);
});
