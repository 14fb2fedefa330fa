import { expect, test } from 'vitest';
import { decidedAgainst } from '../../../src/domain/decide/decided-against.js';
import type { LedgerBody } from '../../../src/domain/ledger.js';
import { approved, AT, cycleStarted, judged, named } from '../../ledger/sample-bodies.js';

const vote = { signer: 'eve', role: null, decision: 'reject', comment: 'too soon', at: AT, assurance: 'claimed' } as const;
const withdrawn: LedgerBody = {
  kind: 'withdrawn',
  cycle: 2,
  candidateDigest: named('candidate'),
  requestedBy: 'ratchet',
  reason: 'the cycle was cancelled',
  seenAt: AT,
  decidedAt: AT,
  trafficBackAt: AT,
  analysisDigest: named('analysis'),
};

test.for<[name: string, bodies: LedgerBody[], found: ReturnType<typeof decidedAgainst>]>([
  ['nothing was decided', [cycleStarted('t')], null],
  ['a verdict let it through', [judged(2)], null],
  [
    'a verdict stopped it',
    [judged(2, { face: 'fail', next: 'stop', reasons: ['worse', 'slower'] })],
    { outcome: 'rejected', reason: 'worse; slower' },
  ],
  ['nothing was proven', [judged(2, { face: 'inconclusive', next: 'stop' })], { outcome: 'inconclusive', reason: 'inconclusive' }],
  ['people signed', [judged(2), approved(2)], null],
  [
    'a person said no',
    [judged(2), approved(2, { outcome: 'rejected', votes: [vote] })],
    { outcome: 'rejected', reason: 'rejected by eve: too soon' },
  ],
  [
    'nobody answered',
    [judged(2), approved(2, { outcome: 'timedOut', votes: [] })],
    { outcome: 'rejected', reason: 'too few signed in time' },
  ],
  ['its traffic was given back, whatever was seen', [judged(2), withdrawn], null],
  ['another cycle was decided against', [judged(3, { face: 'fail', next: 'stop' })], null],
])('%s', ([, bodies, found]) => {
  expect(decidedAgainst(bodies, 2)).toEqual(found);
});
