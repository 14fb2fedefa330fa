import { expect, test } from 'vitest';
import { s3Config } from '../../src/config/s3-config.js';

test.for<[variables: Record<string, string>, expected: object]>([
  [{}, {}],
  [{ RATCHET_STORE_KMS_KEY_ID: 'alias/ratchet' }, { kmsKeyId: 'alias/ratchet' }],
  [{ RATCHET_LEDGER_LOCK_DAYS: '365' }, { ledgerLock: { mode: 'governance', days: 365 } }],
  [{ RATCHET_LEDGER_LOCK_DAYS: '7', RATCHET_LEDGER_LOCK_MODE: 'compliance' }, { ledgerLock: { mode: 'compliance', days: 7 } }],
])('%j says how objects lie in a bucket', ([variables, expected]) => {
  expect(s3Config(variables)).toEqual(expected);
});

test.for<[variables: Record<string, string>, message: RegExp]>([
  [{ RATCHET_LEDGER_LOCK_DAYS: 'long' }, /^environment variable RATCHET_LEDGER_LOCK_DAYS: expected a number of days, found "long": /],
  [{ RATCHET_LEDGER_LOCK_DAYS: '0' }, /RATCHET_LEDGER_LOCK_DAYS: expected 1 to 36,500 days, found "0"/],
  [{ RATCHET_LEDGER_LOCK_DAYS: '1.5' }, /RATCHET_LEDGER_LOCK_DAYS: expected whole days, found "1.5"/],
  [{ RATCHET_LEDGER_LOCK_MODE: 'soft' }, /RATCHET_LEDGER_LOCK_MODE: expected governance or compliance, found "soft"/],
  [{ RATCHET_LEDGER_LOCK_MODE: 'compliance' }, /RATCHET_LEDGER_LOCK_DAYS: expected days beside RATCHET_LEDGER_LOCK_MODE, found none/],
  [{ RATCHET_STORE_KMS_KEY_ID: '' }, /RATCHET_STORE_KMS_KEY_ID: expected the id, ARN or alias/],
])('%j is refused by name', ([variables, message]) => {
  expect(() => s3Config(variables)).toThrow(message);
});
