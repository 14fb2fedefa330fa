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

test.for<[name: string, from: string, to: string, ...problems: string[]]>([
  [
    'no serving',
    '  serving: {}\n',
    '',
    '60:3: error: spec.rollout: expected a section serving beside it, found none. Add serving: {}, or remove rollout: without servers there is no traffic to move',
  ],
  [
    'a malformed serving is told once',
    'serving: {}',
    'serving: { replicas: 0 }',
    '60:24: error: spec.serving.replicas: expected a whole number, at least 1 and at most 16, found 0. Processes per version.',
  ],
  [
    'keys without a header',
    '    bake:',
    '    unit: key\n    bake:',
    '67:11: error: spec.rollout.unit: expected request, or serving.stickyBy with the header that keeps a caller with a version, found key without serving.stickyBy. Name the header in serving.stickyBy, or write unit: request',
  ],
  [
    'a header and requests',
    'serving: {}',
    'serving: { stickyBy: x-user }',
    '60:24: error: spec.serving.stickyBy: expected rollout.unit: key beside it, found unit: request. Write rollout.unit: key: callers stay with a version, and counting their requests turns harmless challengers back',
  ],
  [
    'weights that fall',
    'weightPercent: 50',
    'weightPercent: 5',
    '65:40: error: spec.rollout.steps[2].weightPercent: expected at least 10, as in a step before, found 5. Order the steps by weight: a rollout that gives traffic back is a rollback',
  ],
  [
    'a full step before the last',
    '{ kind: shadow, bakeSeconds: 60 }',
    '{ kind: full, bakeSeconds: 60 }',
    '63:17: error: spec.rollout.steps[0].kind: expected full as the last step alone, found step 1 of 4. Move it to the end: after it nothing is left to give',
  ],
  [
    'no full step',
    '      - { kind: full, bakeSeconds: 60 }\n',
    '',
    '65:17: error: spec.rollout.steps[2].kind: expected full as the last step, found canary. Add { kind: full, bakeSeconds: … }: without it the challenger never answers everything',
  ],
  [
    'a shadow after a canary',
    '{ kind: canary, weightPercent: 50, bakeSeconds: 60 }',
    '{ kind: shadow, bakeSeconds: 60 }',
    '65:17: error: spec.rollout.steps[2].kind: expected every shadow before the first canary, found shadow after it. Move it before the first canary, or remove it',
  ],
  [
    'given up before it may pass',
    'bakeSecondsMax: 600',
    'bakeSecondsMax: 30',
    '64:77: error: spec.rollout.steps[1].bakeSecondsMax: expected at least bakeSeconds (60), found 30. The step would be given up before it may pass',
  ],
  [
    'windows longer than a step',
    '    bake:',
    '    windowSeconds: 90\n    bake:',
    '63:38: error: spec.rollout.steps[0].bakeSeconds: expected at least one window (windowSeconds 90), found 60. Bake longer, or write a smaller rollout.windowSeconds: a step is judged window by window',
    '64:57: error: spec.rollout.steps[1].bakeSeconds: expected at least one window (windowSeconds 90), found 60. Bake longer, or write a smaller rollout.windowSeconds: a step is judged window by window',
    '65:57: error: spec.rollout.steps[2].bakeSeconds: expected at least one window (windowSeconds 90), found 60. Bake longer, or write a smaller rollout.windowSeconds: a step is judged window by window',
    '66:36: error: spec.rollout.steps[3].bakeSeconds: expected at least one window (windowSeconds 90), found 60. Bake longer, or write a smaller rollout.windowSeconds: a step is judged window by window',
  ],
  [
    'a bake of 0 seconds',
    '{ kind: shadow, bakeSeconds: 60 }',
    '{ kind: shadow, bakeSeconds: 0 }',
    '63:38: error: spec.rollout.steps[0].bakeSeconds: expected a whole number, more than 0, found 0. At least so long; then on as soon as the named regressions would have been found.',
  ],
  [
    'a metric that nobody measures',
    '- { kind: latency }',
    '- { kind: revenue }',
    '70:17: error: spec.rollout.metrics[1].kind: expected one of errors, latency, mean, distribution, quality, kpi, found "revenue"',
  ],
  [
    'one kind twice',
    '- { kind: latency }',
    '- { kind: errors }',
    '70:17: error: spec.rollout.metrics[1].kind: expected each kind once, found errors as metrics[0] already. Remove one of them: they would share alpha for one question',
  ],
  [
    'bounds of a mean upside down',
    'margin: 0.05,',
    'margin: 0.05, min: 2,',
    '71:42: error: spec.rollout.metrics[2].min: expected less than max (1), found 2. Write the bounds of the value',
  ],
  [
    'a difference that no two means have',
    'detect: 0.1',
    'detect: 1.5',
    '71:45: error: spec.rollout.metrics[2].detect: expected less than max − min (1), found 1.5. No two means differ by so much: write a difference in the value’s own units',
  ],
  [
    'a mean’s detect within its margin',
    'margin: 0.05',
    'margin: 0.1',
    '71:44: error: spec.rollout.metrics[2].detect: expected more than margin (0.1), found 0.1. Name a regression that lies beyond what the margin allows: within it nothing is harm',
  ],
  [
    'a ratio’s detect within its margin',
    '- { kind: errors }',
    '- { kind: errors, margin: 1 }',
    '69:9: error: spec.rollout.metrics[0].detect: expected more than 1 + margin (2), found 2. Name a regression that lies beyond what the margin allows: within it nothing is harm',
  ],
  [
    'a bake that compares with nobody, without limits',
    'seconds: 3600',
    'seconds: 3600, compare: none',
    '67:37: error: spec.rollout.bake.compare: expected holdback or mirror, or a metric with an absolute limit, found none, and no limit. Write compare: holdback, or give errors a shareMax or latency a p99MsMax',
  ],
  [
    'quality in shadow',
    '- { kind: latency }',
    '- { kind: quality, margin: 0.02 }',
    '70:9: warning: spec.rollout.metrics[1]: it takes at least 15 whole days, and 24 h until the labels of the last one are mature; steps[0] is given up after 600 s. Write bakeSecondsMax: 1468800 or more in steps[0], or remove the metric',
  ],
  [
    'a quality that is harm within the margin',
    '- { kind: latency }',
    '- { kind: quality, margin: 0.02, detect: 0.02 }',
    '70:48: error: spec.rollout.metrics[1].detect: expected more than margin (0.02), found 0.02. Name a regression that lies beyond what the margin allows: within it nothing is harm',
  ],
  [
    'a named number without room between its bounds',
    '- { kind: latency }',
    '- { kind: kpi, name: revenue, min: 5, max: 5, direction: down, margin: 1 }',
    '70:42: error: spec.rollout.metrics[1].min: expected less than max (5), found 5. Write the bounds of the value',
  ],
  [
    'a named number whose margin is everything',
    '- { kind: latency }',
    '- { kind: kpi, name: revenue, min: 0, max: 1, direction: down, margin: 1 }',
    '70:78: error: spec.rollout.metrics[1].margin: expected less than max − min (1), found 1. No two means differ by so much: write a difference in the value’s own units',
  ],
  [
    'a named number that takes days',
    '- { kind: latency }',
    '- { kind: kpi, name: revenue, min: 0, max: 9, direction: down, margin: 1 }',
    expect.stringMatching(
      /^70:9: warning: .*it takes at least 15 whole days, and 24 h .*; steps\[1\] is given up after 600 s/,
    ) as unknown as string,
  ],
])('%s', ([, from, to, ...problems]) => {
  expect(ROLLOUT).toContain(from);
  expect(told(ROLLOUT.replace(from, to))).toEqual(problems);
});

test('a mean without a margin is warned of', () => {
  expect(told(ROLLOUT.replace('margin: 0.05', 'margin: 0'))).toEqual([
    '71:31: warning: spec.rollout.metrics[2].margin: any difference at all is harm, and where the arms are of unequal size the means of skewed values differ by chance. Write the difference that nobody would mind',
  ]);
});

test('quality without a shadow step is a mistake', () => {
  const text = ROLLOUT.replace('      - { kind: shadow, bakeSeconds: 60 }\n', '').replace(
    '- { kind: latency }',
    '- { kind: quality, margin: 0.02 }',
  );
  expect(told(text)).toEqual([expect.stringMatching(/^69:17: error: .*expected a step of kind shadow, found none/)]);
});

const KPI = '- { kind: kpi, name: revenue, min: 0, max: 9, direction: down, margin: 1 }';

function sticky(text: string): string {
  return text.replace('serving: {}', 'serving: { stickyBy: x-user }').replace('    bake:', '    unit: key\n    bake:');
}

test.for<[name: string, change: (text: string) => string, problem: RegExp]>([
  [
    'more days than callers who stay can vote on',
    (text) => sticky(text).replace('direction: down', 'direction: down, blocksMin: 29'),
    /expected at most 28 where rollout\.unit is key, found 29/,
  ],
  [
    'callers who stay and little alpha',
    (text) => sticky(text).replace('direction: down', 'direction: down, weight: 1e-7'),
    /warning: .*it takes more days than callers can vote on \(28\): the step turns back/,
  ],
  ['no canary', (text) => text.replace(/ +- \{ kind: canary.*\n/g, ''), /expected a step of kind canary, found none/],
  [
    'a shadow that nothing else judges',
    (text) => text.replace(/ +- \{ kind: (?:errors|mean).*\n/g, ''),
    /expected another metric for the shadow step, found kpi alone/,
  ],
  [
    'a baseline of another size',
    (text) => text.replace('    bake:', '    baseline: champion\n    bake:'),
    /warning: .*the champion answers more requests than the challenger/,
  ],
])('a named number cannot be known with %s', ([, change, problem]) => {
  expect(told(change(ROLLOUT.replace('- { kind: latency }', KPI))).filter((line) => problem.test(line))).toHaveLength(1);
});

test('two named numbers are two questions, and one that is given time is told how long it takes', () => {
  const other = KPI.replace('revenue', 'clicks');
  const text = ROLLOUT.replace('- { kind: latency }', `${KPI}\n      ${other}`).replace('bakeSecondsMax: 600', 'bakeSecondsMax: 9000000');
  expect(told(text)).toEqual([
    expect.stringMatching(/^70:9: info: .*it takes at least \d+ whole days/),
    expect.stringMatching(/^71:9: info: /),
  ]);
  expect(told(sticky(text))[0]).toMatch(/^\d+:9: info: .*it takes at least \d+ whole days of a 28th of the callers each/);
  expect(told(text.replace('clicks', 'revenue'))).toContainEqual(expect.stringMatching(/found kpi revenue as metrics\[1\] already/));
});

test.for([
  ['quality', '- { kind: quality, margin: 0.02 }'],
  ['kpi', '- { kind: kpi, name: revenue, min: 0, max: 100, direction: down, margin: 1, detect: 5 }'],
] as const)('%s on labels that our own decisions let exist needs a reason', ([, metric]) => {
  const owned = GOOD_MODEL_FILE.replace(/delayHours: 24/, 'delayHours: 24\n      policy: ownDecision');
  expect(owned).not.toBe(GOOD_MODEL_FILE);
  const { problems } = readModelFile(owned + ROLLOUT.replace('- { kind: latency }', metric), { file: 'm', nowMs: NOW_MS });
  expect(problems.map(problemText)).toContainEqual(
    expect.stringMatching(/metrics\[1\]\.kind: expected labels that do not depend on our own answers/),
  );
});

test('a bake that compares with nobody is warned of where a limit is left', () => {
  const text = ROLLOUT.replace('- { kind: errors }', '- { kind: errors, shareMax: 0.5 }').replace(
    'seconds: 3600',
    'seconds: 3600, compare: none',
  );
  expect(told(text)).toEqual([expect.stringMatching(/^67:37: warning: .*only absolute limits/)]);
});

const MIRRORED = ROLLOUT.replace('seconds: 3600', 'seconds: 3600, compare: mirror');

test('arms whose latency is compared under very different loads are told, and how both have the same', () => {
  const traffic = '    traffic: { requestsPerSecond: 1000, errorShare: 0.02 }\n';
  const isIt = (line: string) => line.includes('for its share alone');
  expect(told(ROLLOUT + traffic).filter(isIt)).toEqual([
    expect.stringMatching(/info: spec\.rollout\.metrics\[1\]: .*95% .* 5%.*bake\.compare: mirror/),
  ]);
  for (const text of [MIRRORED, ROLLOUT.replace('      - { kind: latency }\n', '')]) expect(told(text + traffic).filter(isIt)).toEqual([]);
});

test('at the stated traffic every step is told how long it takes, and warned of where it is given up before', () => {
  const at = (requestsPerSecond: number) => told(`${MIRRORED}    traffic: { requestsPerSecond: ${requestsPerSecond}, errorShare: 0.02 }\n`);
  const severities = (lines: string[]) => lines.map((line) => / (\w+): /.exec(line)![1]);
  expect(severities(at(1000))).toEqual(['info', 'info', 'info', 'info']);
  expect(severities(at(5))).toEqual(['warning', 'warning', 'warning', 'warning']);
  expect(at(5)[0]).toMatch(/takes \d+ windows \(\d+ s\) to find at 5 requests a second, and the step is given up after 600 s/);
  expect(at(0.1).join()).toContain('would hardly ever be found');
});
