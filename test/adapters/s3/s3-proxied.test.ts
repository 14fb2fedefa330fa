import { expect, test } from 'vitest';
import { createS3ObjectStore, type S3ObjectStoreOptions } from '../../../src/adapters/s3/object-store.js';
import { digestOfBytes } from '../../../src/domain/digest.js';
import { objectKey } from '../../../src/domain/object-key.js';
import { MINIO_KMS_KEY_ID } from '../../servers/minio.js';
import { startS3Proxy, type S3Fault, type S3Request } from '../../servers/s3-proxy.js';
import { describeOnTriedServer } from './tried-server.js';

const slowDown: S3Fault = { kind: 'answer', status: 503, code: 'SlowDown' };
const expired: S3Fault = { kind: 'answer', status: 400, code: 'ExpiredToken' };
const large = Buffer.from(Array.from({ length: 2 ** 20 }, (_, index) => index % 251));
const huge = Buffer.alloc(33 * 2 ** 20, large); // three parts

describeOnTriedServer('what happens on a bad line', ({ server, client, newBucket }) => {
  /** A store of its own on the real server, whose requests of a method fail in turn. */
  async function storeWith(method: string, faults: readonly S3Fault[], options: Partial<S3ObjectStoreOptions> = {}) {
    const bucket = await newBucket();
    const left = [...faults];
    const isMeant = (request: S3Request): boolean =>
      method.split(' ').every((part) => request.method === part || request.url.includes(part));
    const proxy = await startS3Proxy(server(), (request) => (isMeant(request) ? left.shift() : undefined));
    const store = createS3ObjectStore({ uri: `s3://${bucket}`, environment: proxy.environment, requestTimeoutMs: 30_000, ...options });
    return {
      store,
      proxy,
      bucket,
      unused: left,
      direct: createS3ObjectStore({ uri: `s3://${bucket}`, environment: server().environment }),
    };
  }

  test.for<[says: string, faults: S3Fault[]]>([
    ['slows down', [slowDown, slowDown]],
    ['cuts the body', [{ kind: 'cut-body', bytes: 1000 }]],
    ['cuts the body again and again', Array.from({ length: 4 }, (_, times) => ({ kind: 'cut-body', bytes: times }) as const)],
    ['falls silent in the body', [{ kind: 'stall-body' }]],
    ['spoils a byte', [{ kind: 'spoil-body' }]],
    ['breaks off', [{ kind: 'lose-answer' }]],
    ['no longer knows the credentials once', [expired]],
  ])('a read of a server that %s has all bytes in the end', async ([, faults]) => {
    const isSilent = faults.some(({ kind }) => kind === 'stall-body');
    const { store, unused } = await storeWith('GET', faults, isSilent ? { requestTimeoutMs: 1000 } : {});
    expect(digestOfBytes(await store.getByDigest(await store.put(large)))).toBe(digestOfBytes(large));
    expect(unused).toEqual([]);
  });

  test('a body that is never whole is no answer: the store is to be asked again later', async () => {
    const { store } = await storeWith(
      'GET',
      Array.from({ length: 5 }, () => ({ kind: 'cut-body', bytes: 3 }) as const),
    );
    await store.createIfAbsent('ledger/m/000000000001.json', large);
    await expect(store.get('ledger/m/000000000001.json')).rejects.toMatchObject({
      type: 'StoreUnavailable',
      message: expect.stringMatching(/^GetObject s3:/),
    });
    expect(await store.get('ledger/m/000000000001.json')).toHaveLength(large.length);
  });

  test('bytes that are wrong each time are told as such', async () => {
    const { store } = await storeWith('GET', [{ kind: 'spoil-body' }, { kind: 'spoil-body' }]);
    await expect(store.getByDigest(await store.put(large))).rejects.toMatchObject({ type: 'EvidenceCorrupt' });
  });

  test.for<[says: string, faults: S3Fault[], created: boolean]>([
    ['slows down', [slowDown, slowDown], true],
    ['is told of another writer', [{ kind: 'answer', status: 409, code: 'ConditionalRequestConflict' }], true],
    ['is told that the credentials have run out, once', [expired], true],
    ['loses its answer: the caller reads and adopts', [{ kind: 'lose-answer' }], false],
  ])('a record is written once by who %s', async ([, faults, created]) => {
    const { store, direct } = await storeWith('PUT', faults);
    expect(await store.createIfAbsent('ledger/m/000000000001.json', large)).toBe(created);
    expect(digestOfBytes((await direct.get('ledger/m/000000000001.json'))!)).toBe(digestOfBytes(large));
  });

  test.for([2 ** 10, 2 ** 20, 4 * 2 ** 20])(
    'what is there already is told at once, also where it has %i bytes and the server hangs up unread',
    async (size) => {
      const { store, direct, proxy } = await storeWith('', []);
      const bytes = Buffer.alloc(size, large);
      for (const creator of [direct, store]) await creator.createIfAbsent('a/b', bytes);
      for (let times = 0; times < 10; times++)
        for (const creator of [direct, store]) {
          expect(await creator.createIfAbsent('a/b', bytes)).toBe(false);
          expect(digestOfBytes(bytes)).toBe(await creator.put(bytes));
        }
      expect(proxy.requests.length).toBeLessThanOrEqual(4 * 12); // none was asked again
    },
  );

  test('credentials that stay expired are told in words, with what renews them', async () => {
    const { store } = await storeWith('PUT', [expired, expired]);
    await expect(store.createIfAbsent('ledger/m/000000000001.json', large)).rejects.toMatchObject({
      type: 'AccessDenied',
      message: expect.stringContaining('the credentials have run out'),
      remedy: expect.stringMatching(/aws sso login.*ratchet retry/),
    });
  });

  test.for<[says: string, method: string, faults: S3Fault[]]>([
    ['', '', []],
    [', a part of which is refused and lost', 'PUT', [slowDown, { kind: 'lose-answer' }]],
    [', whose end is lost', 'POST uploadId', [{ kind: 'lose-answer' }]],
    [', whose end is refused', 'POST uploadId', [slowDown]],
  ])('a large object%s goes up in parts and is whole', async ([, method, faults]) => {
    const { store, direct, proxy, unused } = await storeWith(method, faults, { singleBytesMax: 8 * 2 ** 20 });
    const digest = await store.put(huge);
    expect(digestOfBytes(await direct.getByDigest(digest))).toBe(digest);
    expect(new Set(proxy.requests.flatMap(({ url }) => /partNumber=(\d+)/.exec(url)?.[1] ?? []))).toEqual(new Set(['1', '2', '3']));
    expect(unused).toEqual([]);
  });

  test('what is large and there already is not sent again', async () => {
    const { store, proxy } = await storeWith('', [], { singleBytesMax: 8 * 2 ** 20 });
    await store.put(huge);
    const sent = proxy.requests.length;
    await store.put(huge);
    expect(proxy.requests.slice(sent).map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  });

  test('of two who create the same large key, one wins', async () => {
    const { store } = await storeWith('', [], { singleBytesMax: 8 * 2 ** 20 });
    const other = Buffer.alloc(huge.length, 9);
    const won = await Promise.all([store.createIfAbsent('a/b', huge), store.createIfAbsent('a/b', other)]);
    expect(won.toSorted()).toEqual([false, true]);
    expect(digestOfBytes((await store.get('a/b'))!)).toBe(digestOfBytes(won[0] ? huge : other));
  });

  test('a large object that cannot be written leaves no parts behind', async () => {
    const denied: S3Fault = { kind: 'answer', status: 403, code: 'AccessDenied' };
    const { store, bucket } = await storeWith('PUT partNumber=2', [denied], { singleBytesMax: 8 * 2 ** 20 });
    await expect(store.put(huge)).rejects.toMatchObject({ type: 'AccessDenied' });
    // MinIO lists the uploads of one key, not of a bucket.
    const Key = objectKey(digestOfBytes(huge));
    const uploads = async () => (await client().listMultipartUploads({ Bucket: bucket, Prefix: Key })).Uploads ?? [];
    expect(await uploads()).toEqual([]);
    await client().createMultipartUpload({ Bucket: bucket, Key });
    expect(await uploads()).toHaveLength(1); // it would have been listed
    expect(await store.hasDigest(digestOfBytes(huge))).toBe(false);
  });

  test('every object is to be encrypted with the key of KMS that is named, in one piece or in parts', async () => {
    const { store, proxy } = await storeWith('', [], { kmsKeyId: MINIO_KMS_KEY_ID, singleBytesMax: 8 * 2 ** 20 });
    await store.createIfAbsent('a/b', Buffer.from('x'));
    await store.put(huge);
    const begins = proxy.requests.filter(({ method, url }) => (method === 'PUT' && !url.includes('partNumber')) || url.includes('uploads'));
    expect(begins).toHaveLength(2);
    for (const { headers } of begins)
      expect(headers).toMatchObject({
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': MINIO_KMS_KEY_ID,
      });
  });
});
