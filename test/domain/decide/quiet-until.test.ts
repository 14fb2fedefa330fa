import { expect, test } from 'vitest';
import { quietUntil } from '../../../src/domain/decide/quiet-until.js';
import { QuietHours } from '../../../src/domain/trigger-policy.js';

const nightly = { from: '22:00', to: '06:00', timeZone: 'Europe/Berlin' };

type Case = [name: string, rules: object[], now: string, until: string | null];

test.for<Case>([
  ['nothing is quiet without rules', [], '2026-07-01T23:00:00Z', null],
  ['the evening is quiet until the morning', [nightly], '2026-07-01T21:30:00Z', '2026-07-02T04:00:00.000Z'],
  ['so are the small hours', [nightly], '2026-07-02T03:59:00Z', '2026-07-02T04:00:00.000Z'],
  ['the end is no longer quiet', [nightly], '2026-07-02T04:00:00Z', null],
  ['in winter the same clock is another instant', [nightly], '2026-01-01T21:30:00Z', '2026-01-02T05:00:00.000Z'],
  ['the night in which clocks go forward is shorter', [nightly], '2026-03-28T21:30:00Z', '2026-03-29T04:00:00.000Z'],
  ['the night in which they go back is longer', [nightly], '2026-10-24T20:30:00Z', '2026-10-25T05:00:00.000Z'],
  ['days are those on which it begins', [{ ...nightly, days: ['fri'] }], '2026-07-04T01:00:00Z', '2026-07-04T04:00:00.000Z'],
  ['other days are not quiet', [{ ...nightly, days: ['fri'] }], '2026-07-05T01:00:00Z', null],
  [
    'rules that follow one another are one silence',
    [
      { from: '20:00', to: '00:00' },
      { from: '00:00', to: '08:00' },
    ],
    '2026-07-01T21:00:00Z',
    '2026-07-02T08:00:00.000Z',
  ],
  [
    'the same time twice is a whole day',
    [{ from: '08:00', to: '08:00', days: ['sat', 'sun'] }],
    '2026-07-04T09:00:00Z',
    '2026-07-06T08:00:00.000Z',
  ],
])('%s', ([, rules, now, until]) => {
  const quiet = quietUntil(
    rules.map((rule) => QuietHours.parse(rule)),
    Date.parse(now),
  );
  expect(quiet && new Date(quiet.untilMs).toISOString()).toBe(until);
});

test('hours that cover every day never end', () => {
  const rules = [QuietHours.parse({ from: '08:00', to: '08:00' })];
  expect(quietUntil(rules, Date.parse('2026-07-01T12:00:00Z'))!.untilMs).toBe(Infinity);
});
