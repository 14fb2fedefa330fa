import { expect, test } from 'vitest';
import { foldLedger } from '../../../src/domain/decide/fold-ledger.js';
import { refuseSuccessor } from '../../../src/domain/decide/refuse-successor.js';
import type { FiledRecord } from '../../../src/domain/ledger-file.js';
import type { LedgerRecord } from '../../../src/domain/ledger.js';
import { AT, cycleEnded, named, paused } from '../../ledger/sample-bodies.js';

const ours = 'a'.repeat(16);
const theirs = 'b'.repeat(16);

function filed(record: Omit<LedgerRecord, 'v' | 'model' | 'at' | 'signature'>, keyId = ours): FiledRecord {
  return { record: { v: 1, model: 'flights', at: AT, signature: { keyId, ed25519: '' }, ...record }, digest: named(record.key) };
}

const opened = foldLedger(null, 1, { kind: 'ledger-opened', model: 'flights', owner: 'local/default', keyId: ours });
const before = filed({ seq: 4, prev: named('3'), key: 'p1/paused', body: paused(), after: foldLedger(opened, 4, paused()) });
const { after } = before.record;
const next = { seq: 5, prev: before.digest, key: 'p2/paused', body: paused(), after };
const takeOver = {
  kind: 'owner-changed',
  from: 'local/default',
  owner: 'b/default',
  keyId: theirs,
  requestedBy: 'bo',
  reason: '',
} as const;

test.for<[name: string, successor: FiledRecord, problem: object | null]>([
  ['what was written after it', filed(next), null],
  [
    'a take-over by a key of its own',
    filed({ ...next, key: 'a1/owner-changed', body: takeOver, after: foldLedger(after, 5, takeOver) }, theirs),
    null,
  ],
  ['a record of another branch', filed({ ...next, prev: named('other') }), { field: 'prev' }],
  [
    'a record by a key that it admits itself',
    filed({ ...next, after: { ...after, keyIds: [ours, theirs] } }, theirs),
    { field: '', message: `expected the signature of a key that the ledger admits (${ours}), found ${theirs}` },
  ],
  ['the end of a cycle that is not open', filed({ ...next, key: '2/cycle-ended', body: cycleEnded(2) }), { field: '' }],
  [
    'a state that does not follow',
    filed({ ...next, after: { ...after, generation: 7 } }),
    { field: 'after.generation', message: 'expected 0 after this record, found 7' },
  ],
])('%s', ([, successor, problem]) => {
  if (problem === null) expect(refuseSuccessor(before, successor)).toBeNull();
  else expect(refuseSuccessor(before, successor)).toMatchObject(problem);
});
