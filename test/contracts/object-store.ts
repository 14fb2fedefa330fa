import { describe, expect, test } from 'vitest';
import { digestOfBytes } from '../../src/domain/digest.js';
import type { ObjectStore } from '../../src/ports/object-store.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (found: Uint8Array | null) => (found === null ? null : new TextDecoder().decode(found));

/** What every object store keeps. `open` gives one that is empty. */
export function describeObjectStore(name: string, open: () => Promise<ObjectStore>) {
  describe(`${name} object store`, () => {
    test('gives back the bytes of a digest, however often they were put', async () => {
      const store = await open();
      const content = bytes('evidence\0with any bytes\xff');
      expect(await store.put(content)).toBe(digestOfBytes(content));
      expect(await store.put(content)).toBe(digestOfBytes(content));
      expect(Buffer.from(content).equals(await store.getByDigest(digestOfBytes(content)))).toBe(true);
    });

    test('puts its objects where Python steps look for them', async () => {
      const store = await open();
      const hex = (await store.put(bytes('shared'))).slice('sha256:'.length);
      expect(text(await store.get(`objects/sha256/${hex.slice(0, 2)}/${hex}`))).toBe('shared');
    });

    test('stores nothing as well as much', async () => {
      const store = await open();
      const large = Buffer.alloc(9 * 2 ** 20, 7);
      expect(await store.getByDigest(await store.put(new Uint8Array()))).toHaveLength(0);
      expect(digestOfBytes(await store.getByDigest(await store.put(large)))).toBe(digestOfBytes(large));
    });

    test('says which digest is missing', async () => {
      const store = await open();
      const digest = digestOfBytes('never put');
      expect(await store.hasDigest(digest)).toBe(false);
      await expect(store.getByDigest(digest)).rejects.toMatchObject({
        type: 'EvidenceMissing',
        message: expect.stringContaining(digest.slice(7)),
      });
    });

    test('knows what it has', async () => {
      const store = await open();
      expect(await store.hasDigest(await store.put(bytes('here')))).toBe(true);
    });

    test('removes the bytes of a digest, however often it is asked, and takes them again', async () => {
      const store = await open();
      const [gone, kept] = [await store.put(bytes('past retention')), await store.put(bytes('kept'))];
      for (let times = 0; times < 2; times++) await store.remove(gone);
      expect([await store.hasDigest(gone), await store.hasDigest(kept)]).toEqual([false, true]);
      await expect(store.getByDigest(gone)).rejects.toMatchObject({ type: 'EvidenceMissing' });
      expect(await store.put(bytes('past retention'))).toBe(gone);
      expect(text(await store.getByDigest(gone))).toBe('past retention');
    });

    test('removes what a job left, however its trainer named it, and no other key', async () => {
      const store = await open();
      await store.createIfAbsent('jobs/m-c1-train-a1/0123/log', bytes('words'));
      for (let times = 0; times < 2; times++) await store.removeKey('jobs/m-c1-train-a1/0123/log');
      expect(await store.get('jobs/m-c1-train-a1/0123/log')).toBeNull();
      await store.removeKey('checkpoints/m/train-1/step 7/.whole');
      for (const key of ['ledger/m/000000000001.json', 'jobs/../ledger/m', 'jobs', 'objects/sha256/00/00', 'checkpoints//m'])
        await expect(store.removeKey(key)).rejects.toMatchObject({ type: 'AccessDenied' });
    });

    test('removes what was never there, and refuses what is no digest', async () => {
      const store = await open();
      await store.remove(digestOfBytes('never put'));
      await expect(store.remove('sha256:../../../etc/passwd')).rejects.toMatchObject({ type: 'AccessDenied' });
    });

    test('lets a put and a removal of the same bytes meet, and takes the bytes again', async () => {
      const store = await open();
      const digest = digestOfBytes('wanted again');
      for (let round = 0; round < 20; round++) {
        await Promise.all([store.put(bytes('wanted again')), store.remove(digest)]);
        await store.put(bytes('wanted again'));
        expect(await store.hasDigest(digest)).toBe(true);
      }
    });

    test('takes corrupt bytes for no evidence', async () => {
      const store = await open();
      const digest = digestOfBytes('as it was');
      const hex = digest.slice('sha256:'.length);
      await store.createIfAbsent(`objects/sha256/${hex.slice(0, 2)}/${hex}`, bytes('as it was no'));
      await expect(store.getByDigest(digest)).rejects.toMatchObject({ type: 'EvidenceCorrupt' });
    });

    test('mends a corrupt object when its bytes are put again', async () => {
      const store = await open();
      const digest = digestOfBytes('whole');
      const hex = digest.slice('sha256:'.length);
      await store.createIfAbsent(`objects/sha256/${hex.slice(0, 2)}/${hex}`, bytes('who'));
      await store.put(bytes('whole'));
      expect(text(await store.getByDigest(digest))).toBe('whole');
    });

    test('creates a key once and never replaces it', async () => {
      const store = await open();
      expect(await store.createIfAbsent('ledger/m/000000000001.json', bytes('first'))).toBe(true);
      expect(await store.createIfAbsent('ledger/m/000000000001.json', bytes('second'))).toBe(false);
      expect(await store.createIfAbsent('ledger/m/000000000001.json', bytes('first'))).toBe(false);
      expect(text(await store.get('ledger/m/000000000001.json'))).toBe('first');
    });

    test('lets exactly one of many racers win each key, and keeps the winner’s bytes', { timeout: 60_000 }, async () => {
      const store = await open();
      const keys = Array.from({ length: 40 }, (_, k) => `ledger/race/${String(k).padStart(12, '0')}.json`);
      const outcomes = await Promise.all(
        keys.flatMap((key) =>
          Array.from({ length: 16 }, async (_, racer) => ({ key, racer, won: await store.createIfAbsent(key, bytes(`racer ${racer}`)) })),
        ),
      );
      for (const key of keys) {
        const winners = outcomes.filter((outcome) => outcome.key === key && outcome.won);
        expect(winners).toHaveLength(1);
        expect(text(await store.get(key))).toBe(`racer ${winners[0]!.racer}`);
      }
    });

    test('answers null for a key that is not there', async () => {
      const store = await open();
      await store.createIfAbsent('a/b', bytes('x'));
      expect(await store.get('a/c')).toBeNull();
      expect(await store.get('a')).toBeNull();
      expect(await store.get('z/z/z')).toBeNull();
    });

    test.for<[prefix: string, options: { startAfter?: string; limit?: number }, expected: string[]]>([
      ['', {}, ['a-b', 'a.b', 'a/b', 'a/c/d', 'a0', 'b/1', 'b/10', 'b/2', 'b/3']],
      ['a', {}, ['a-b', 'a.b', 'a/b', 'a/c/d', 'a0']],
      ['a/', {}, ['a/b', 'a/c/d']],
      ['b/1', {}, ['b/1', 'b/10']],
      ['b/', { limit: 2 }, ['b/1', 'b/10']],
      ['b/', { startAfter: 'b/10' }, ['b/2', 'b/3']],
      ['b/', { startAfter: 'b/10', limit: 1 }, ['b/2']],
      ['b/', { startAfter: 'b/15' }, ['b/2', 'b/3']],
      ['b/', { startAfter: 'b/3' }, []],
      ['b/', { startAfter: 'a' }, ['b/1', 'b/10', 'b/2', 'b/3']],
      ['', { startAfter: 'a/b' }, ['a/c/d', 'a0', 'b/1', 'b/10', 'b/2', 'b/3']],
      ['nothing/', {}, []],
    ])('lists %j with %j in the order of whole keys', async ([prefix, options, expected]) => {
      const store = await open();
      const keys = ['b/3', 'a/c/d', 'a0', 'b/10', 'a-b', 'b/1', 'a.b', 'b/2', 'a/b'];
      await Promise.all(keys.map((key) => store.createIfAbsent(key, bytes(key))));
      expect(await store.list(prefix, options)).toEqual(expected);
    });

    test.for(['../outside', '/etc/passwd', 'a/../b', 'a//b', 'a/', './a', '', 'a\0b', 'ä', 'a\\b', '.staging/x', 'x'.repeat(901)])(
      'refuses the key %j',
      async (key) => {
        const store = await open();
        await expect(store.createIfAbsent(key, bytes('x'))).rejects.toMatchObject({ type: 'AccessDenied' });
        await expect(store.get(key)).rejects.toMatchObject({ type: 'AccessDenied' });
      },
    );

    test('refuses what is no digest', async () => {
      const store = await open();
      await expect(store.getByDigest('sha256:../../../etc/passwd')).rejects.toMatchObject({ type: 'AccessDenied' });
    });
  });
}
