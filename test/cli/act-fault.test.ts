import { expect, test } from 'vitest';
import { actFault, type ActEnd } from '../../src/cli/demo/act-fault.js';
import { ACTS } from '../../src/cli/demo/acts.js';

const act = { outcome: 'rejected', isSigned: false, because: 'too many positives' } as const;
const end: ActEnd = {
  outcome: 'rejected',
  reasons: ['predicts 29 points too many positives', 'AUC'],
  signed: false,
  requests: { answered: 3, failed: 0 },
};

test('an act that ends as its story tells has no fault', () => {
  expect(actFault(act, end)).toBeNull();
  expect(actFault(act, { ...end, requests: null })).toBeNull();
  expect(actFault({ outcome: 'promoted', isSigned: true }, { ...end, outcome: 'promoted', reasons: [], signed: true })).toBeNull();
});

test.for<[name: string, change: Partial<ActEnd>, fault: string]>([
  ['another end', { outcome: 'promoted' }, 'expected rejected, found promoted'],
  ['no end', { outcome: null }, 'expected rejected, found no end'],
  ['a signature that nobody should have been asked for', { signed: true }, 'expected rejected, found rejected after a signature'],
  [
    'the right end for another reason',
    { reasons: ['temp > 45 in 3 rows'] },
    'expected the reason “too many positives”, found “temp > 45 in 3 rows”',
  ],
  ['no reason', { reasons: [] }, 'expected the reason “too many positives”, found “none”'],
  ['a lost request', { requests: { answered: 9, failed: 1 } }, 'expected no request to fail, found 1 that did'],
  ['no request', { requests: { answered: 0, failed: 0 } }, 'expected requests to be answered meanwhile, found none'],
])('%s is told', ([, change, fault]) => {
  expect(actFault(act, { ...end, ...change })).toBe(fault);
});

test('each act that is stopped says by what', () => {
  expect(ACTS.filter(({ outcome, because }) => (outcome === 'promoted') !== (because === undefined))).toEqual([]);
});
