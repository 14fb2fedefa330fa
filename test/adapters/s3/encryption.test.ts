import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createS3ObjectStore } from '../../../src/adapters/s3/object-store.js';
import { openS3Client } from '../../../src/adapters/s3/s3-client.js';
import { digestOfBytes } from '../../../src/domain/digest.js';
import { objectKey } from '../../../src/domain/object-key.js';
import { MINIO_KMS_KEY_ID, startTestMinio } from '../../servers/minio.js';
import type { TestS3 } from '../../servers/s3-server.js';
import { describeOnTriedServer } from './tried-server.js';

const huge = Buffer.alloc(33 * 2 ** 20, 7); // three parts

// Only on MinIO: versitygw encrypts nothing.
describeOnTriedServer('encryption with a key of KMS', ({ server, client, newBucket }) => {
  async function storeWith(kmsKeyId: string | null) {
    const bucket = await newBucket();
    const options = { uri: `s3://${bucket}`, environment: server().environment, singleBytesMax: 8 * 2 ** 20 };
    return { bucket, store: createS3ObjectStore({ ...options, ...(kmsKeyId !== null && { kmsKeyId }) }) };
  }

  test('is said of every object, in one piece or in parts, and of none where no key is named', async () => {
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

  test('with a key that nobody knows writes nothing, and says which setting names it', async () => {
    const { store } = await storeWith('no-such-key');
    await expect(store.createIfAbsent('ledger/m/000000000001.json', Buffer.from('record'))).rejects.toMatchObject({
      type: 'StoreUnavailable',
      message: expect.stringMatching(/kms:KeyNotFound/),
      remedy: expect.stringContaining('RATCHET_STORE_KMS_KEY_ID'),
    });
    expect(await store.list('')).toEqual([]);
  });

  test('on a server without a KMS writes nothing, and says which setting asks for it', async () => {
    const home = mkdtempSync(join(tmpdir(), 'ratchet-test-minio-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const { environment, stop } = await startTestMinio(inject('triedS3').binary!, home, { hasKms: false });
    onTestFinished(() => stop());
    await (await openS3Client(environment, 10_000)).createBucket({ Bucket: 'plain' });
    const store = createS3ObjectStore({ uri: 's3://plain', environment, kmsKeyId: MINIO_KMS_KEY_ID });
    await expect(store.put(Buffer.from('evidence'))).rejects.toMatchObject({
      type: 'StoreUnavailable',
      remedy: expect.stringContaining('RATCHET_STORE_KMS_KEY_ID'),
    });
    expect(await store.list('')).toEqual([]);
  });

  test('whose key is lost is neither read nor taken for missing', async () => {
    const home = mkdtempSync(join(tmpdir(), 'ratchet-test-minio-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const key = 'ledger/m/000000000001.json';
    const open = ({ environment }: TestS3) => createS3ObjectStore({ uri: 's3://encrypted', environment, kmsKeyId: MINIO_KMS_KEY_ID });

    const before = await startTestMinio(inject('triedS3').binary!, home);
    onTestFinished(() => before.stop());
    await (await openS3Client(before.environment, 10_000)).createBucket({ Bucket: 'encrypted' });
    const digest = await open(before).put(Buffer.from('evidence'));
    expect(await open(before).createIfAbsent(key, Buffer.from('record'))).toBe(true);
    await before.stop();
    const after = await startTestMinio(inject('triedS3').binary!, home); // it makes a key of its own, of the same name
    onTestFinished(() => after.stop());

    const unusable = { type: 'StoreUnavailable', remedy: expect.stringContaining('RATCHET_STORE_KMS_KEY_ID') };
    await expect(open(after).get(key)).rejects.toMatchObject(unusable);
    await expect(open(after).getByDigest(digest)).rejects.toMatchObject(unusable);
    expect(await open(after).hasDigest(digest)).toBe(true);
    expect(await open(after).createIfAbsent(key, Buffer.from('another'))).toBe(false);
  });
});
