import { expect, test } from 'vitest';
import { createLedger } from '../../../src/activities/ledger.js';
import { createS3ObjectStore, type S3ObjectStoreOptions } from '../../../src/adapters/s3/object-store.js';
import { verifyLedger } from '../../../src/client/audit/verify-ledger.js';
import { createMemorySigner } from '../../fakes/memory-signer.js';
import { AT, paused } from '../../ledger/sample-bodies.js';
import { describeOnTriedServer } from './tried-server.js';

const DAY_MS = 86_400_000;

describeOnTriedServer('a ledger under object lock', ({ server, client, newBucket }) => {
  /** A store whose ledger is locked for 30 days, with two records of the model `m`. */
  async function lockedLedger(mode: 'governance' | 'compliance') {
    const Bucket = await newBucket({ hasLock: true });
    const options = {
      uri: `s3://${Bucket}/team`,
      environment: server().environment,
      ledgerLock: { mode, days: 30 },
    } satisfies S3ObjectStoreOptions;
    const store = createS3ObjectStore(options);
    const ledger = createLedger({ store, signer: createMemorySigner(), owner: 'local/default' });
    await ledger.append({ model: 'm', key: 'p1/paused', body: paused(), expects: {}, at: AT });
    const keys = await store.list('');
    return { Bucket, store, keys: keys.map((key) => `team/${key}`) };
  }

  test.for(['governance', 'compliance'] as const)(
    'no version of a record or a key can be deleted while the lock (%s) lasts',
    async (mode) => {
      const { Bucket, store, keys } = await lockedLedger(mode);
      expect(keys.filter((Key) => /^team\/(ledger\/m\/\d+\.json|keys\/.+\.pem)$/.test(Key))).toHaveLength(3);
      for (const Key of keys) {
        const { VersionId, ObjectLockMode, ObjectLockRetainUntilDate } = await client().headObject({ Bucket, Key });
        expect(ObjectLockMode).toBe(mode.toUpperCase());
        expect(ObjectLockRetainUntilDate!.getTime() - Date.now()).toBeGreaterThan(29 * DAY_MS);
        await expect(client().deleteObject({ Bucket, Key, VersionId: VersionId! })).rejects.toThrow(/WORM|lock|denied/i);
      }
      expect(await verifyLedger(store, 'm')).toMatchObject({ records: 2, problems: [] });
    },
  );

  test('nobody shortens a lock in compliance mode, its owner not either', async () => {
    const { Bucket, keys } = await lockedLedger('compliance');
    const soon = { Mode: 'COMPLIANCE', RetainUntilDate: new Date(Date.now() + 60_000) } as const;
    const { VersionId } = await client().headObject({ Bucket, Key: keys[0]! });
    const asked = client().putObjectRetention({
      Bucket,
      Key: keys[0]!,
      VersionId: VersionId!,
      Retention: soon,
      BypassGovernanceRetention: true,
    });
    await expect(asked).rejects.toThrow();
  });

  test('what is written over a record, or marked as deleted, hides it and does not end it', async () => {
    const { Bucket, store, keys } = await lockedLedger('governance');
    const Key = keys.find((key) => key.endsWith('000000000002.json'))!;
    const { VersionId } = await client().headObject({ Bucket, Key });
    const record = await (await client().getObject({ Bucket, Key })).Body!.transformToString();
    await client()
      .putObject({ Bucket, Key, Body: 'forged' })
      .catch(() => undefined); // some servers refuse it, AWS makes a version
    await client()
      .deleteObject({ Bucket, Key })
      .catch(() => undefined);
    expect(await (await client().getObject({ Bucket, Key, VersionId: VersionId! })).Body!.transformToString()).toBe(record);
    // As the how-to says: the versions on top are removed, the locked one is there again.
    const { Versions = [], DeleteMarkers = [] } = await client().listObjectVersions({ Bucket, Prefix: Key });
    for (const other of [...DeleteMarkers, ...Versions].filter((version) => version.VersionId !== VersionId))
      await client().deleteObject({ Bucket, Key, VersionId: other.VersionId! });
    expect(await verifyLedger(store, 'm')).toMatchObject({ records: 2, problems: [] });
  });

  test('evidence is not locked: gc removes what its retention lets go', async () => {
    const { store } = await lockedLedger('compliance');
    const digest = await store.put(Buffer.from('rows'));
    await store.remove(digest);
    expect(await store.hasDigest(digest)).toBe(false);
  });

  test('a bucket that was made without object lock is named, with what to do', async () => {
    const store = createS3ObjectStore({
      uri: `s3://${await newBucket()}`,
      environment: server().environment,
      ledgerLock: { mode: 'governance', days: 1 },
    });
    await expect(store.createIfAbsent('ledger/m/000000000001.json', Buffer.from('x'))).rejects.toMatchObject({
      type: 'StoreUnavailable',
      remedy: expect.stringContaining('RATCHET_LEDGER_LOCK_DAYS'),
    });
  });
});
