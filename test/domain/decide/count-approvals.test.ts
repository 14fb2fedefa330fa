import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ApprovalSpec, type ApprovalState, type Vote } from '../../../src/domain/approval.js';
import {
  approvalEndsAtMs,
  approvalEscalatesAtMs,
  approvalRefusal,
  countApproval,
  expireApproval,
  openApproval,
  possibleSigners,
} from '../../../src/domain/decide/count-approvals.js';

const CANDIDATE = `sha256:${'c'.repeat(64)}`;
const OTHER = `sha256:${'d'.repeat(64)}`;
const OPENED = '2013-07-01T08:00:00Z';
const LATER = '2013-07-01T09:00:00Z';

const spec = ApprovalSpec.parse({
  quorum: 2,
  signers: [{ name: 'ann' }, { role: 'risk', members: ['carol', 'dave'] }],
  timeoutHours: 48,
  escalateAfterHours: 24,
});
const one = { ...spec, quorum: 1 };
const opened = openApproval(CANDIDATE, OPENED);

const vote = (signer: string, decision: Vote['decision'] = 'approve', candidateDigest = CANDIDATE): Vote => ({
  candidateDigest,
  signer,
  decision,
  comment: '',
});
const count = (votes: readonly Vote[], rules = spec, at = LATER): ApprovalState =>
  votes.reduce((state, one) => countApproval(rules, state, one, at), opened);

test.for<[name: string, votes: Vote[], outcome: string | null, refused: string[]]>([
  ['waits for the quorum', [vote('ann')], null, []],
  ['approves at the quorum', [vote('ann'), vote('carol')], 'approved', []],
  ['takes two members of one role for two people', [vote('carol'), vote('dave')], 'approved', []],
  ['ends at one rejection', [vote('ann', 'reject')], 'rejected', []],
  ['ends at a rejection after an approval', [vote('ann'), vote('carol', 'reject')], 'rejected', []],
  ['refuses a second vote of one person', [vote('ann'), vote('ann')], null, [`ann has already voted (approve at ${LATER})`]],
  ['refuses a change of mind', [vote('ann'), vote('ann', 'reject')], null, [`ann has already voted (approve at ${LATER})`]],
  ['refuses a stranger and names who may sign', [vote('eve')], null, ['eve may not sign: expected ann or a risk (carol, dave)']],
  ['refuses a role in place of a person', [vote('risk')], null, ['risk may not sign: expected ann or a risk (carol, dave)']],
  [
    'refuses a vote on another candidate',
    [vote('ann', 'approve', OTHER)],
    null,
    [`another candidate is up for approval: expected ${CANDIDATE}, found ${OTHER}`],
  ],
  [
    'refuses a rejection of another candidate',
    [vote('ann', 'reject', OTHER)],
    null,
    [`another candidate is up for approval: expected ${CANDIDATE}, found ${OTHER}`],
  ],
  ['refuses a vote after the approval', [vote('ann'), vote('carol'), vote('dave', 'reject')], 'approved', ['the vote is over: approved']],
  ['refuses a vote after the rejection', [vote('ann', 'reject'), vote('carol')], 'rejected', ['the vote is over: rejected']],
])('%s', ([, votes, outcome, refused]) => {
  const state = count(votes);
  expect(state.outcome).toBe(outcome);
  expect(state.refused.map(({ reason }) => reason)).toEqual(refused);
  expect(state.votes).toHaveLength(votes.length - refused.length);
});

describe('the record of a vote', () => {
  test('says in which role, when, and that the identity is a claim', () => {
    expect(count([vote('carol')]).votes).toEqual([{ ...vote('carol'), at: LATER, role: 'risk', assurance: 'claimed' }]);
    expect(count([vote('ann')]).votes).toMatchObject([{ role: null }]);
  });

  test('keeps the first entry that fits a person who is named twice', () => {
    const twice = ApprovalSpec.parse({ signers: [{ role: 'risk', members: ['ann'] }, { name: 'ann' }] });
    expect(count([vote('ann')], twice).votes).toMatchObject([{ role: 'risk' }]);
    expect(possibleSigners(twice)).toBe(1);
  });

  test('keeps only so many refusals', () => {
    const state = count(Array.from({ length: 200 }, (_, i) => vote(`stranger-${i}`)));
    expect(state.refused).toHaveLength(50);
    expect(state.refused.at(-1)).toMatchObject({ signer: 'stranger-199' });
  });
});

describe('the end', () => {
  const end = '2013-07-03T08:00:00Z';

  test('comes so many hours after the opening, the escalation before', () => {
    expect(approvalEndsAtMs(spec, opened)).toBe(Date.parse(end));
    expect(approvalEscalatesAtMs(spec, opened)).toBe(Date.parse('2013-07-02T08:00:00Z'));
    expect(approvalEscalatesAtMs({ ...spec, escalateAfterHours: undefined }, opened)).toBeNull();
  });

  test('refuses a vote even where the timer has not fired', () => {
    expect(approvalRefusal(one, opened, vote('ann'), end)).toBe(`the vote is over: it ended 48 hours after ${OPENED}`);
    expect(approvalRefusal(one, opened, vote('ann'), '2013-07-03T07:59:59Z')).toBeNull();
    expect(approvalRefusal(one, opened, vote('ann'), 'no time')).toMatch(/the vote is over/);
  });

  test('is never an approval', () => {
    const expired = expireApproval(count([vote('ann')]));
    expect(expired.outcome).toBe('timedOut');
    expect(approvalRefusal(spec, expired, vote('carol'), LATER)).toBe('the vote is over: its time ran out');
  });

  test('does not change an outcome that was reached', () => {
    expect(expireApproval(count([vote('ann', 'reject')])).outcome).toBe('rejected');
  });
});

test('whatever the order of votes, approval means a quorum of different signers and no rejection', () => {
  const anyVote = fc.record({
    candidateDigest: fc.constantFrom(CANDIDATE, CANDIDATE, CANDIDATE, OTHER),
    signer: fc.constantFrom('ann', 'carol', 'dave', 'eve'),
    decision: fc.constantFrom('approve' as const, 'approve' as const, 'reject' as const),
    comment: fc.constant(''),
  });
  fc.assert(
    fc.property(fc.array(anyVote, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), (votes, quorum) => {
      const state = count(votes, { ...spec, quorum });
      const signers = new Set(state.votes.map(({ signer }) => signer));
      expect(signers.size).toBe(state.votes.length);
      expect(signers.has('eve')).toBe(false);
      expect(state.votes.every(({ candidateDigest }) => candidateDigest === CANDIDATE)).toBe(true);
      expect(state.outcome === 'approved').toBe(
        state.votes.length === quorum && state.votes.every(({ decision }) => decision === 'approve'),
      );
      expect(state.outcome === 'rejected').toBe(state.votes.at(-1)?.decision === 'reject');
      expect(state.votes.length + state.refused.length).toBe(votes.length);
    }),
  );
});
