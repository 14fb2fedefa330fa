import { describe, expect, test } from 'vitest';
import { durationWords } from '../../src/cli/render/duration.js';
import { rolloutCard, rolloutLine } from '../../src/cli/render/rollout-card.js';
import { trafficSentence } from '../../src/cli/render/traffic-sentence.js';
import { ServingSpec } from '../../src/domain/serving-spec.js';
import { rolloutView } from '../fakes/rollout-view.js';
import { version } from '../ledger/sample-bodies.js';

const serving = ServingSpec.parse({});
const onKubernetes = ServingSpec.parse({
  cluster: {
    kind: 'kubernetes',
    namespace: 'serving',
    image: 'models:1',
    router: { kind: 'gateway-api', gateway: { name: 'models' }, url: 'https://models.example.com' },
  },
});

describe('the card of a rollout', () => {
  test('shows where it stands, each step, the split, and what a person can do', () => {
    expect(rolloutCard(rolloutView())).toEqual([
      'flights cycle 12, rollout: Progressing',
      '  version     flights-12+new',
      '  instead of  flights-9+old',
      '  because     no harm found (ratchet, 2026-03-01T12:00:00Z)',
      '  now         watches step 2',
      '  split       flights-9+old 80%, flights-12+new 10%, flights-9+old (fresh, to compare) 10%',
      '',
      '  STEP  KIND    CHALLENGER  AT LEAST  AT MOST  STATE',
      '  1     shadow  copies      10m       1h 40m   done',
      '  2     canary  10%         30m       2h       current',
      '  3     full    95%         1h        10h      waiting',
      '  -     bake    95%         7d        -        waiting',
      '',
      'a person can',
      '  ratchet rollout pause flights --as <you>',
      '  ratchet rollout skip flights --as <you>',
      '  ratchet rollout promote flights --full --as <you>',
      '  ratchet rollout abort flights --as <you>',
      '  ratchet rollback flights --as <you>',
    ]);
  });

  test('tells the last analysis in its own sentences, metric by metric', () => {
    const metric = { metric: 'rollout.metrics[0]', kind: 'errors', evidence: 3, failsAt: 100, estimate: 1.1, interval: null } as const;
    const analysis = {
      phase: 'Inconclusive',
      reasons: ['not enough requests yet'],
      metrics: [{ ...metric, phase: 'Inconclusive', reason: '2 of 400 errors needed' }],
      windows: 12,
      units: { challenger: 1200, baseline: 1180 },
    } as const;
    const lines = rolloutCard(rolloutView({ analysis: { ...analysis, reasons: [...analysis.reasons], metrics: [...analysis.metrics] } }));
    expect(lines.slice(13, 17)).toEqual([
      'last analysis: Inconclusive, from 12 windows: challenger 1,200, baseline 1,180',
      '  not enough requests yet',
      '  METRIC                     SAYS          WHY',
      '  rollout.metrics[0] errors  Inconclusive  2 of 400 errors needed',
    ]);
  });

  test.for([
    [{ paused: true, isStepDone: true }, 'Progressing (paused, this step has passed)', 'passed, waits for resume'],
    [{ phase: 'TurnedBack', reason: 'more errors' }, 'TurnedBack', 'turned back here'],
    [{ phase: 'Promoted', stepIndex: 2 }, 'Promoted', 'done'],
    [{ phase: 'Preparing', stepIndex: 0 }, 'Preparing', 'waiting'],
  ] as const)('in %j it is %s, and its step %s', ([state, phase, step]) => {
    const lines = rolloutCard(rolloutView({ state }));
    expect(lines[0]).toBe(`flights cycle 12, rollout: ${phase}`);
    expect(lines[9]).toMatch(new RegExp(`^ {2}2 .* ${step}$`));
  });

  test('offers nothing once it is over, and only turning back while it turns back', () => {
    expect(rolloutCard(rolloutView({ state: { phase: 'TurnedBack' } }))).not.toContain('a person can');
    const lines = rolloutCard(rolloutView({ state: { phase: 'TurningBack' } }));
    expect(lines.slice(lines.indexOf('a person can') + 1)).toEqual([
      '  ratchet rollout abort flights --as <you>',
      '  ratchet rollback flights --as <you>',
    ]);
  });

  test('of a bake has all steps behind it', () => {
    const lines = rolloutCard(rolloutView({ kind: 'bake', state: { phase: 'Baking', stepIndex: 0 } }));
    expect(lines.slice(8, 12).map((line) => line.split(/ {2,}/).at(-1))).toEqual(['done', 'done', 'done', 'current']);
  });

  test('is one line in a log', () => {
    expect(rolloutLine(rolloutView())).toBe('flights cycle 12, rollout: Progressing, step 2 of 3: no harm found');
  });
});

describe('the line about traffic', () => {
  const nobody = { champion: null };
  const champion = { champion: version(9) };

  test.for([
    ['a model without serving', [], champion, undefined, 'none: its spec has no serving, it is only registered'],
    ['a model before its first promotion', [], nobody, serving, 'nobody answers yet'],
    ['a model at rest', [], champion, serving, `${version(9).version} 100%`],
    [
      'a model whose serving is paused',
      [],
      { ...champion, servingPaused: { requestedBy: 'ana', reason: 'wrong answers' } },
      serving,
      `paused by ana, all requests are refused: wrong answers; else ${version(9).version} 100%`,
    ],
    [
      'a model on Kubernetes',
      [],
      champion,
      onKubernetes,
      `${version(9).version} 100%; divided by gateway-api in namespace serving at https://models.example.com`,
    ],
    [
      'a rollout before its first shift',
      [rolloutView({ split: null, state: { phase: 'Preparing' } })],
      champion,
      serving,
      `${version(9).version} 100%; rollout of cycle 12: Preparing`,
    ],
    [
      'a shadow',
      [
        rolloutView({
          split: {
            splits: [{ arm: 'champion', instance: 'a', weightPercent: 100 }],
            mirror: { arm: 'challenger', instance: 'b' },
            shift: 1,
          },
          state: { stepIndex: 0, paused: true },
        }),
      ],
      champion,
      serving,
      'flights-9+old 100%; copies go to flights-12+new; rollout of cycle 12: Progressing (paused), step 1 of 3',
    ],
  ] as const)('%s', ([, views, head, spec, expected]) => {
    expect(trafficSentence(views, head, spec)).toBe(expected);
  });
});

test.for([
  [45, '45s'],
  [90, '1m 30s'],
  [5400, '1h 30m'],
  [90_061, '1d 1h'],
  [0, '0s'],
] as const)('%i seconds are %s', ([seconds, words]) => {
  expect(durationWords(seconds)).toBe(words);
});
