import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: object;
}

const file = new URL('../../deploy/s3/bucket-policy.json', import.meta.url);
const { Statement: statements } = JSON.parse(readFileSync(file, 'utf8')) as { Statement: Statement[] };
const list = (value: string | string[]): string[] => [value].flat();

function says(effect: Statement['Effect'], action: string, key: string | null): Statement[] {
  const resource = `arn:aws:s3:::my-bucket${key === null ? '' : `/ratchet/${key}`}`;
  const covers = (pattern: string): boolean => (pattern.endsWith('*') ? resource.startsWith(pattern.slice(0, -1)) : pattern === resource);
  return statements.filter((each) => each.Effect === effect && list(each.Action).includes(action) && list(each.Resource).some(covers));
}

test.for<[action: string, key: string | null]>([
  ['s3:ListBucket', null],
  ['s3:GetObject', 'ledger/m/000000000001.json'],
  ['s3:PutObject', 'ledger/m/000000000001.json'],
  ['s3:PutObject', 'objects/sha256/aa/bb'],
  ['s3:AbortMultipartUpload', 'objects/sha256/aa/bb'],
  ['s3:PutObjectRetention', 'keys/0011.pem'],
  ['s3:DeleteObject', 'predictions/m/x.parquet'],
  ['s3:DeleteObject', 'labels/m/x.parquet'],
  ['s3:DeleteObject', 'monitoring/m/x.json'],
  ['s3:DeleteObject', 'requests/m/x.json'],
  ['s3:DeleteObject', 'checkpoints/m/train/7/state'],
])('a worker may %s on %s, whatever else is in the request', ([action, key]) => {
  expect(says('Allow', action, key).map(({ Condition }) => Condition)).toEqual([undefined]);
});

test.for(['ledger/m/000000000001.json', 'keys/0011.pem', 'objects/sha256/aa/bb'])('no worker may delete %s', (key) => {
  expect(says('Allow', 's3:DeleteObject', key)).toEqual([]);
});

test.for(['ledger/m/000000000001.json', 'keys/0011.pem'])('nobody at all deletes %s or writes it without a condition', (key) => {
  for (const action of ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention'])
    expect(says('Deny', action, key).map(({ Condition }) => Condition)).toEqual([undefined]);
  expect(says('Deny', 's3:PutObject', key).map(({ Condition }) => Condition)).toEqual([{ Null: { 's3:if-none-match': 'true' } }]);
});
