import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createS3ObjectStore } from '../../../src/adapters/s3/object-store.js';
import { describeObjectStore } from '../../contracts/object-store.js';
import { startTestS3 } from '../../servers/versitygw.js';
import type { TestS3 } from '../../servers/versitygw.js';

const versitygw = inject('versitygw');
const home = mkdtempSync(join(tmpdir(), 'ratchet-test-s3-'));
let s3: TestS3;
let stores = 0;

function newBucket(): string {
  const bucket = `ratchet-test-${++stores}`;
  mkdirSync(join(s3.folder, bucket));
  return bucket;
}

describe.skipIf(versitygw === null)('with a real S3 server (skipped where there is no Go to build it)', () => {
  beforeAll(async () => {
    s3 = await startTestS3(versitygw!, home);
  });
  afterAll(async () => {
    await s3?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  describeObjectStore('S3', async () => createS3ObjectStore({ uri: `s3://${newBucket()}/team/ratchet`, environment: s3.environment }));

  test('keeps two prefixes of a bucket apart, and needs none', async () => {
    const bucket = newBucket();
    const [a, b, root] = ['/a', '/b', ''].map((path) => createS3ObjectStore({ uri: `s3://${bucket}${path}`, environment: s3.environment }));
    await a!.createIfAbsent('ledger/1', Buffer.from('a'));
    expect(await b!.createIfAbsent('ledger/1', Buffer.from('b'))).toBe(true);
    expect(await a!.list('')).toEqual(['ledger/1']);
    expect(await root!.list('')).toEqual(['a/ledger/1', 'b/ledger/1']);
  });

  test('lists more than one page of keys', async () => {
    const store = createS3ObjectStore({ uri: `s3://${newBucket()}`, environment: s3.environment });
    const keys = Array.from({ length: 25 }, (_, k) => `ledger/m/${String(k).padStart(12, '0')}.json`);
    await Promise.all(keys.map((key) => store.createIfAbsent(key, Buffer.from(key))));
    const found: string[] = [];
    for (let page = ['']; page.length > 0; found.push(...page))
      page = await store.list('ledger/m/', { startAfter: found.at(-1) ?? '', limit: 10 });
    expect(found).toEqual(keys);
  });

  test.for<[says: string, changes: Record<string, string>, type: string]>([
    ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'not-the-secret' }, 'AccessDenied'],
    ['an unknown user', { AWS_ACCESS_KEY_ID: 'nobody' }, 'AccessDenied'],
  ])('is denied with %s, and shows no secret', async ([, changes, type]) => {
    const store = createS3ObjectStore({ uri: `s3://${newBucket()}`, environment: { ...s3.environment, ...changes } });
    const failure = await store.put(Buffer.from('x')).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type, remedy: expect.stringContaining('AWS_') });
    expect(JSON.stringify(failure) + String(failure)).not.toContain(s3.environment.AWS_SECRET_ACCESS_KEY);
  });

  test('waits for a bucket that is not there', async () => {
    const store = createS3ObjectStore({ uri: 's3://no-such-bucket', environment: s3.environment });
    await expect(store.put(Buffer.from('x'))).rejects.toMatchObject({
      type: 'StoreUnavailable',
      message: expect.stringContaining('NoSuchBucket'),
    });
  });
});
