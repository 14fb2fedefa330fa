import { describe, expect, test } from 'vitest';
import { foldLedger } from '../../src/domain/decide/fold-ledger.js';
import { refuseExpectation, refuseOwner } from '../../src/domain/decide/refuse-append.js';
import { refuseOutcome } from '../../src/domain/decide/refuse-outcome.js';
import { refuseRecord } from '../../src/domain/decide/refuse-record.js';
import type { LedgerBody, LedgerExpects, LedgerState } from '../../src/domain/ledger.js';
import {
  approved,
  baked,
  cycleEnded,
  cycleStarted,
  exposed,
  judged,
  named,
  paused,
  servingPaused,
  promoted,
  version,
  withdrawn,
} from './sample-bodies.js';

const opened: LedgerBody = { kind: 'ledger-opened', model: 'flights', owner: 'local/default', keyId: 'key-1' };
const takeOver: LedgerBody = {
  kind: 'owner-changed',
  from: 'local/default',
  owner: 'cloud/default',
  keyId: 'key-9',
  requestedBy: 'bo',
  reason: '',
};
/** Two promotions, and a comparison with the second since. */
const twicePromoted = [
  cycleStarted('t'),
  promoted(2),
  cycleEnded(2),
  cycleStarted('u'),
  promoted(5),
  cycleEnded(5),
  cycleStarted('v'),
  judged(8),
];
const turnedBack: LedgerBody = { kind: 'rolled-back', to: version(2), requestedBy: 'ana', reason: 'worse' };

/** The state after these records, from `ledger-opened` on. */
function after(...bodies: LedgerBody[]): LedgerState {
  return [opened, ...bodies].reduce<LedgerState | null>((state, body, i) => foldLedger(state, i + 1, body), null)!;
}

describe('the state of a model follows from its records', () => {
  test.for<[name: string, bodies: LedgerBody[], expected: Partial<LedgerState>]>([
    [
      'opened: nothing yet',
      [],
      { generation: 0, champion: null, comparisons: 0, openCycle: null, keyIds: ['key-1'], owner: 'local/default' },
    ],
    [
      'a spec is in force',
      [{ kind: 'spec-applied', specDigest: named('s'), codeDigest: named('c'), requestedBy: 'ana' }],
      { specDigest: named('s'), codeDigest: named('c') },
    ],
    ['a pause', [paused()], { paused: true }],
    ['its end', [paused(), { kind: 'resumed', requestedBy: 'ana', reason: '' }], { paused: false }],
    ['its requests are refused', [servingPaused()], { servingPaused: { requestedBy: 'ana', reason: 'wrong' } }],
    ['a cycle is open under the number of its record', [paused(), cycleStarted('t')], { openCycle: 3 }],
    ['a comparison spends the budget', [cycleStarted('t'), judged(2)], { comparisons: 1 }],
    ['a verdict without a champion does not', [cycleStarted('t'), judged(2, { compared: false })], { comparisons: 0 }],
    [
      'a policy tried on the past does',
      [{ kind: 'backtested', policyDigest: named('p'), comparisons: 4, requestedBy: 'ana' }],
      { comparisons: 4 },
    ],
    [
      'a promotion refills it and counts the generation',
      [cycleStarted('t'), judged(2), promoted(2)],
      { comparisons: 0, generation: 1, champion: version(2), anchor: version(2), previousChampion: null },
    ],
    [
      'the anchor stays where nothing was proven',
      [cycleStarted('t'), promoted(2), cycleEnded(2), cycleStarted('u'), promoted(5, { becomesAnchor: false })],
      { champion: version(5), previousChampion: version(2), anchor: version(2) },
    ],
    [
      'a version with traffic, and the most that it may have',
      [cycleStarted('t'), judged(2), exposed(2, { weightPercentMax: 50 }), exposed(2, { weightPercentMax: 10 })],
      { exposure: { cycle: 2, version: version(2), weightPercentMax: 50 }, champion: null },
    ],
    [
      'its promotion',
      [cycleStarted('t'), judged(2), exposed(2), promoted(2, { bakes: true })],
      { bake: { cycle: 2 }, champion: version(2) },
    ],
    ['the end of a cycle', [cycleStarted('t'), cycleEnded(2)], { openCycle: null }],
    ['another key', [{ kind: 'key-added', keyId: 'key-2', requestedBy: 'ana' }], { keyIds: ['key-1', 'key-2'] }],
    [
      'a take-over leaves one key only',
      [{ kind: 'key-added', keyId: 'key-2', requestedBy: 'ana' }, takeOver],
      { owner: 'cloud/default', keyIds: ['key-9'] },
    ],
  ])('%s', ([, bodies, expected]) => {
    expect(after(...bodies)).toMatchObject(expected);
  });

  test('requests that are answered again are as if they had never been refused', () => {
    expect(after(servingPaused(), { kind: 'serving-resumed', requestedBy: 'ana', reason: '' })).toEqual(after());
  });

  test('what was spent against a version before it was replaced counts again when it is back', () => {
    const spent = after(...twicePromoted, { ...turnedBack, comparisons: 4 });
    expect(spent).toMatchObject({ comparisons: 5, champion: version(2) });
  });

  test('turning back names a new generation, keeps the budget spent, and drops an anchor that was turned away from', () => {
    expect(after(...twicePromoted, turnedBack)).toMatchObject({
      generation: 3,
      champion: version(2),
      previousChampion: null,
      anchor: version(2),
      comparisons: 1,
    });
  });

  test.for<[name: string, bodies: LedgerBody[], gone: 'exposure' | 'bake']>([
    ['a withdrawal takes the traffic away', [cycleStarted('t'), judged(2), exposed(2), withdrawn(2)], 'exposure'],
    ['a promotion ends the exposure', [cycleStarted('t'), judged(2), exposed(2), promoted(2)], 'exposure'],
    ['a baked champion is watched no longer', [cycleStarted('t'), promoted(2, { bakes: true }), baked(2)], 'bake'],
    [
      'nor is one that was turned away',
      [cycleStarted('t'), promoted(2), cycleEnded(2), cycleStarted('u'), promoted(5, { bakes: true }), turnedBack],
      'bake',
    ],
  ])('%s', ([, bodies, gone]) => {
    expect(after(...bodies)).not.toHaveProperty(gone);
  });

  test('a ledger that does not start with its opening has no state', () => {
    expect(() => foldLedger(null, 1, paused())).toThrow('record 1: expected ledger-opened as the first record, found paused');
  });
});

describe('a record is refused', () => {
  const inCycle = after(cycleStarted('t'));
  const withChampion = after(cycleStarted('t'), promoted(2), cycleEnded(2));

  test.for<[name: string, before: LedgerState | null, key: string, body: LedgerBody, keyId: string, reason: RegExp | null]>([
    ['not: the opening as the first', null, 'flights/ledger-opened', opened, 'key-1', null],
    ['before the opening', null, 'p/paused', paused(), 'key-1', /expected ledger-opened as record 1/],
    ['a second opening', after(), 'flights/ledger-opened', opened, 'key-1', /only as record 1/],
    ['an opening with a strange signature', null, 'flights/ledger-opened', opened, 'key-2', /the key that it brings, key-1, found key-2/],
    ['with a key of another kind', after(), 'p/resumed', paused(), 'key-1', /a key that ends with \/paused/],
    ['with nothing before the kind', after(), '/paused', paused(), 'key-1', /a key that ends with \/paused/],
    ['with a strange signature', after(), 'p/paused', paused(), 'key-2', /a key that the ledger admits \(key-1\), found key-2/],
    ['not: a cycle while none is open', after(), 't/cycle-started', cycleStarted('t'), 'key-1', null],
    [
      'a cycle under the key of another trigger',
      after(),
      'u/cycle-started',
      cycleStarted('t'),
      'key-1',
      /expected the key "t\/cycle-started"/,
    ],
    ['a second open cycle', inCycle, 'u/cycle-started', cycleStarted('u'), 'key-1', /expected no open cycle, found cycle 2 open/],
    ['not: the verdict of the open cycle', inCycle, '2/judged', judged(2), 'key-1', null],
    ['under the number of another cycle', inCycle, '3/judged', judged(2), 'key-1', /starts with "2\/"/],
    ['a verdict of another cycle', inCycle, '7/judged', judged(7), 'key-1', /expected cycle 7 to be open, found cycle 2 open/],
    ['an approval without an open cycle', after(), '2/approved', approved(2), 'key-1', /expected cycle 2 to be open, found none open/],
    [
      'a version of another cycle',
      inCycle,
      '2/promoted',
      promoted(2, { version: version(3) }),
      'key-1',
      /expected a version of cycle 2, found one of cycle 3/,
    ],
    ['an end of another cycle', inCycle, '9/cycle-ended', cycleEnded(9), 'key-1', /expected cycle 9 to be open/],
    ['not: traffic for the open cycle', inCycle, '2/0-canary/exposed', exposed(2), 'key-1', null],
    ['traffic for another cycle', inCycle, '7/0-canary/exposed', exposed(7), 'key-1', /expected cycle 7 to be open/],
    [
      'traffic while the champion bakes',
      after(cycleStarted('t'), promoted(2, { bakes: true }), cycleEnded(2), cycleStarted('u')),
      '5/0-canary/exposed',
      exposed(5),
      'key-1',
      /expected the champion of cycle 2 to have baked/,
    ],
    [
      'the end of a cycle with traffic',
      after(cycleStarted('t'), exposed(2)),
      '2/cycle-ended',
      cycleEnded(2),
      'key-1',
      /it is withdrawn first/,
    ],
    ['a bake that is none', withChampion, '2/baked', baked(2), 'key-1', /expected the version of cycle 2 to bake, found none/],
    ['turning back without a champion', inCycle, 'r/rolled-back', turnedBack, 'key-1', /expected a champion to turn back from/],
    ['turning back to the champion', withChampion, 'r/rolled-back', turnedBack, 'key-1', /another version than the champion/],
    ['not: a take-over with its own key', after(), 'a/owner-changed', takeOver, 'key-9', null],
    ['a take-over signed by the old key', after(), 'a/owner-changed', takeOver, 'key-1', /the key that it brings, key-9/],
    [
      'a take-over from somebody else',
      after(),
      'a/owner-changed',
      { ...takeOver, from: 'x/y' } as LedgerBody,
      'key-9',
      /from the owner local\/default, found one from x\/y/,
    ],
    ['the old owner after a take-over', after(takeOver), 'p/paused', paused(), 'key-1', /\(key-9\), found key-1/],
    [
      'a key that vouches for itself',
      after(),
      'k/key-added',
      { kind: 'key-added', keyId: 'key-2', requestedBy: 'eve' },
      'key-2',
      /a key that the ledger admits/,
    ],
  ])('%s', ([, before, key, body, keyId, reason]) => {
    const refusal = refuseRecord(before, { seq: before === null ? 1 : 9, key, body, keyId });
    if (reason === null) expect(refusal).toBeNull();
    else expect(refusal).toMatch(reason);
  });
});

describe('a promotion is refused', () => {
  const asked = judged(2, { next: 'askPerson' });
  test.for<[name: string, earlier: LedgerBody[], body: LedgerBody, reason: RegExp | null]>([
    ['not: after a verdict that let it through', [judged(2)], promoted(2), null],
    ['not: after a person signed it', [asked, approved(2)], promoted(2), null],
    ['without a verdict', [], promoted(2), /expected a judged record/],
    ['after a verdict that stopped it', [judged(2, { face: 'fail', next: 'stop' })], promoted(2), /found fail: stop/],
    ['before the person that the verdict asks for', [asked], promoted(2), /expected an approval/],
    ['after a no', [asked, approved(2, { outcome: 'rejected' })], promoted(2), /found rejected/],
    ['after silence', [asked, approved(2, { outcome: 'timedOut' })], promoted(2), /found timedOut/],
    ['after a no, even where nobody had to be asked', [judged(2), approved(2, { outcome: 'rejected' })], promoted(2), /found rejected/],
    [
      'after a yes to another candidate',
      [asked, approved(2, { candidateDigest: named('other') })],
      promoted(2),
      /expected the approved candidate/,
    ],
    ['not: traffic after a verdict that let it through', [judged(2)], exposed(2), null],
    ['as traffic before a verdict', [], exposed(2), /expected a judged record of cycle 2 before its traffic/],
    ['as traffic before the person that the verdict asks for', [asked], exposed(2), /expected an approval/],
    ['after it was turned back', [judged(2), exposed(2), withdrawn(2)], promoted(2), /expected no withdrawal of cycle 2/],
    ['as more traffic after it was turned back', [judged(2), exposed(2), withdrawn(2)], exposed(2), /expected no withdrawal/],
    ['as a withdrawal after it took place', [judged(2), promoted(2)], withdrawn(2), /rolled back, not withdrawn/],
    ['as an ending without a promotion', [judged(2)], cycleEnded(2), /expected a promoted record/],
    ['not: an ending that says otherwise', [judged(2)], cycleEnded(2, { outcome: 'rejected' }), null],
    ['as a failure after it took place', [judged(2), promoted(2)], cycleEnded(2, { outcome: 'failed' }), /to end promoted, found failed/],
    ['not: as the end of what it began', [judged(2), promoted(2)], cycleEnded(2), null],
  ])('%s', ([, earlier, body, reason]) => {
    if (reason === null) expect(refuseOutcome(earlier, body)).toBeNull();
    else expect(refuseOutcome(earlier, body)).toMatch(reason);
  });
});

describe('an append is refused', () => {
  const state = after(cycleStarted('t'), promoted(2));
  test.for<[expects: LedgerExpects, type: string | null]>([
    [{}, null],
    [{ generation: 1, openCycle: 2 }, null],
    [{ generation: 0 }, 'ChampionChanged'],
    [{ openCycle: null }, 'LedgerConflict'],
    [{ openCycle: 3 }, 'LedgerConflict'],
    [{ paused: false }, null],
    [{ paused: true }, 'LedgerConflict'],
    [{ specDigest: named('spec') }, 'LedgerConflict'],
    [{ codeDigest: named('code') }, 'LedgerConflict'],
  ])('where %j does not hold', ([expects, type]) => {
    expect(refuseExpectation(state, expects)?.type ?? null).toBe(type);
  });

  test.for<[owner: string, body: LedgerBody, refused: boolean]>([
    ['local/default', paused(), false],
    ['cloud/default', paused(), true],
    ['cloud/default', takeOver, false],
    ['third/default', takeOver, true],
  ])('from %s: %j → %s', ([owner, body, refused]) => {
    expect(refuseOwner(after(), owner, body) !== null).toBe(refused);
  });
});
