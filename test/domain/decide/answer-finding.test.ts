import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerFinding, type FindingWindow } from '../../../src/domain/decide/answer-finding.js';
import { FindingKind, type FindingState } from '../../../src/domain/finding.js';
import { FindingAnswers } from '../../../src/domain/monitoring-spec.js';
import { Trigger } from '../../../src/domain/trigger.js';

const START = Date.parse('2013-07-01T06:00:00Z');
const DAY = 86_400_000;
const answers = FindingAnswers.parse({});
const at = (day: number): string => new Date(START + day * DAY).toISOString();

/** f found, o ok, i inconclusive, p provisional; F: found, and answered. */
const STATES: Record<string, FindingState> = { f: 'found', F: 'found', o: 'ok', i: 'inconclusive', p: 'provisional' };
const daily = (letters: string, cycle = 3): FindingWindow[] =>
  [...letters].map((letter, day) => ({
    end: at(day),
    cycle,
    state: STATES[letter]!,
    sentence: 'log-loss is .02 worse than a fresh refit.',
    answered: letter === 'F',
  }));

type Case = [name: string, letters: string, policy: object, action: string | null, reason: string];

test.for<Case>([
  ['says that nothing was monitored', '', {}, null, 'nothing was monitored yet'],
  ['does nothing while nothing is found', 'ooo', {}, null, 'decay was found in 0 of the last 3 windows, it needs 2'],
  ['does nothing after one window of two', 'oof', {}, null, 'decay was found in 1 of the last 3 windows, it needs 2'],
  [
    'retrains after two of three',
    'fof',
    {},
    'retrain',
    'decay was found in 2 of the last 3 windows: log-loss is .02 worse than a fresh refit.',
  ],
  ['forgets what is older than the last three', 'foof', {}, null, 'decay was found in 1 of the last 3 windows, it needs 2'],
  ['does not act on a window that found nothing', 'ffo', {}, null, 'decay was found in 2 of the last 3 windows, but not in the newest'],
  [
    'counts a window that could not tell as none',
    'fif',
    { foundMin: 3 },
    null,
    '2 of the last 3 windows, it needs 3 (1 of them could not tell)',
  ],
  ['never decides by labels that may still change', 'ppp', {}, null, '0 of the last 3 windows, it needs 2 (3 of them could not tell)'],
  ['does not answer the same episode again at once', 'fFff', {}, null, `answered at ${at(1)}, again not before ${at(8)}`],
  ['answers it again after a week', 'fFfffffff', {}, 'retrain', '3 of the last 3 windows'],
  ['alerts where the spec says so', 'ff', { action: 'alert' }, 'alert', '2 of the last 3 windows'],
  ['recalibrates where the spec says so', 'ff', { action: 'recalibrate' }, 'recalibrate', '2 of the last 3 windows'],
  ['keeps silent where the spec says so', 'ff', { action: 'none' }, null, 'the spec asks for no answer'],
])('%s', ([, letters, change, action, reason]) => {
  const answer = answerFinding('decay', { ...answers.decay, ...change }, daily(letters));
  expect(answer).toMatchObject({ action, reason: expect.stringContaining(reason) });
  expect(answer.trigger === null).toBe(action === null || action === 'alert');
  expect(answer.trigger?.recipe).toBe(action === 'recalibrate' ? action : undefined);
});

test('what was found of another champion does not count', () => {
  const windows = [...daily('ff', 3).map((window) => ({ ...window, answered: true })), { ...daily('oof', 9)[2]! }];
  expect(answerFinding('decay', answers.decay, windows)).toMatchObject({ action: null, found: 1 });
});

test('a trigger names its kind, its window and its champion: asked again, it is the same wish', () => {
  const windows = daily('ff');
  const { trigger } = answerFinding('decay', answers.decay, windows);
  expect(Trigger.parse(trigger)).toMatchObject({ key: `decay/c3/${at(1)}`, kind: 'decay', requestedBy: 'monitoring' });
  expect(answerFinding('decay', answers.decay, windows).trigger).toEqual(trigger);
});

test('by default drift alone only alerts, decay retrains, and no kind retrains a model for its servers', () => {
  const actions = Object.fromEntries(FindingKind.options.map((kind) => [kind, answers[kind].action]));
  expect(actions).toMatchObject({ dataDrift: 'alert', predictionDrift: 'alert', promise: 'alert', decay: 'retrain', staleness: 'retrain' });
  expect(() => FindingAnswers.parse({ serviceLevel: { action: 'retrain' } })).toThrow('retraining does not mend this');
  expect(() => FindingAnswers.parse({ staleness: { action: 'recalibrate' } })).toThrow('mends only decay and calibration');
});

test('what flaps, however wildly, is answered at most once in its time', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('found', 'ok', 'inconclusive', 'provisional'), { maxLength: 300 }),
      fc.integer({ min: 1, max: 30 }),
      (states, days) => {
        const policy = { ...answers.decay, foundMin: 1, ofWindows: 2, againAfterHours: days * 24 };
        const windows: FindingWindow[] = [];
        for (const [day, state] of states.entries()) {
          windows.push({ end: at(day), cycle: 1, state, sentence: '', answered: false });
          if (answerFinding('decay', policy, windows).action !== null) windows[day] = { ...windows[day]!, answered: true };
        }
        const answered = windows.filter((window) => window.answered);
        expect(answered.length).toBeLessThanOrEqual(Math.ceil(states.length / days));
        expect(answered.every(({ state }) => state === 'found')).toBe(true);
      },
    ),
  );
});
