import { expect, test } from 'vitest';
import { createS3ObjectStore } from '../../../src/adapters/s3/object-store.js';
import { digestOfBytes } from '../../../src/domain/digest.js';
import { objectKey } from '../../../src/domain/object-key.js';
import { MINIO_KMS_KEY_ID } from '../../servers/minio.js';
import { startS3Proxy } from '../../servers/s3-proxy.js';
import { describeOnTriedServer, triedServer } from './tried-server.js';

const huge = Buffer.alloc(33 * 2 ** 20, 7); // three parts

describeOnTriedServer('encryption with a key of KMS', ({ server, client, newBucket }) => {
  async function storeWith(kmsKeyId: string | null) {
    const bucket = await newBucket();
    const proxy = await startS3Proxy(server(), () => undefined);
    const options = { uri: `s3://${bucket}`, environment: proxy.environment, singleBytesMax: 8 * 2 ** 20 };
    return { bucket, proxy, store: createS3ObjectStore({ ...options, ...(kmsKeyId !== null && { kmsKeyId }) }) };
  }

  test('is asked for with every object, in one piece or in parts', async () => {
    const { store, proxy } = await storeWith(MINIO_KMS_KEY_ID);
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

  test('is said of every object by a server that does it, and of none where no key is named', async (context) => {
    if (triedServer !== 'minio') return context.skip('versitygw encrypts nothing');
    const keys = ['ledger/m/000000000001.json', objectKey(digestOfBytes(huge))];
    for (const kmsKeyId of [MINIO_KMS_KEY_ID, null]) {
      const { store, bucket } = await storeWith(kmsKeyId);
      await store.createIfAbsent(keys[0]!, Buffer.from('record'));
      await store.put(huge);
      expect(Buffer.from((await store.get(keys[0]!))!).toString()).toBe('record');
      expect(await store.getByDigest(digestOfBytes(huge))).toHaveLength(huge.length);
      for (const Key of keys) {
        const { ServerSideEncryption, SSEKMSKeyId } = await client().headObject({ Bucket: bucket, Key });
        expect(ServerSideEncryption).toBe(kmsKeyId === null ? undefined : 'aws:kms');
        expect(SSEKMSKeyId).toBe(kmsKeyId === null ? undefined : `arn:aws:kms:${kmsKeyId}`);
      }
    }
  });

  test('with a key that nobody knows writes nothing, and says which setting names it', async (context) => {
    if (triedServer !== 'minio') return context.skip('versitygw encrypts nothing');
    const { store } = await storeWith('no-such-key');
    await expect(store.createIfAbsent('ledger/m/000000000001.json', Buffer.from('record'))).rejects.toMatchObject({
      type: 'StoreUnavailable',
      message: expect.stringContaining('KMS'),
      remedy: expect.stringContaining('RATCHET_STORE_KMS_KEY_ID'),
    });
    expect(await store.list('')).toEqual([]);
  });
});
