import { expect, test } from 'vitest';
import { createS3ObjectStore } from '../../../src/adapters/s3/object-store.js';
import { describeObjectStore } from '../../contracts/object-store.js';
import { describeOnTriedServer } from './tried-server.js';

describeOnTriedServer('objects', ({ server, newBucket }) => {
  describeObjectStore('S3', async () =>
    createS3ObjectStore({ uri: `s3://${await newBucket()}/team/ratchet`, environment: server().environment }),
  );

  test('keeps two prefixes of a bucket apart, and needs none', async () => {
    const bucket = await newBucket();
    const [a, b, root] = ['/a', '/b', ''].map((path) =>
      createS3ObjectStore({ uri: `s3://${bucket}${path}`, environment: server().environment }),
    );
    await a!.createIfAbsent('ledger/1', Buffer.from('a'));
    expect(await b!.createIfAbsent('ledger/1', Buffer.from('b'))).toBe(true);
    expect(await a!.list('')).toEqual(['ledger/1']);
    expect(await root!.list('')).toEqual(['a/ledger/1', 'b/ledger/1']);
  });

  test('lists more than one page of keys', async () => {
    const store = createS3ObjectStore({ uri: `s3://${await newBucket()}`, environment: server().environment });
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
    const store = createS3ObjectStore({ uri: `s3://${await newBucket()}`, environment: { ...server().environment, ...changes } });
    const failure = await store.put(Buffer.from('x')).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type, remedy: expect.stringContaining('AWS_') });
    expect(JSON.stringify(failure) + String(failure)).not.toContain(server().environment.AWS_SECRET_ACCESS_KEY);
  });

  test('waits for a bucket that is not there', async () => {
    const store = createS3ObjectStore({ uri: 's3://no-such-bucket', environment: server().environment });
    await expect(store.put(Buffer.from('x'))).rejects.toMatchObject({
      type: 'StoreUnavailable',
      message: expect.stringContaining('NoSuchBucket'),
    });
  });
});
