import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLocalObjectStore } from '../../../src/adapters/local/object-store.js';
import { describeObjectStore } from '../../contracts/object-store.js';
import { temporaryFolder } from '../../temporary-folder.js';

describeObjectStore('local', async () => createLocalObjectStore(join(temporaryFolder(), 'store')));

const canMount = process.platform === 'linux' && process.getuid?.() === 0;

/** A small disk of its own. */
function mountDisk(options: string): string {
  const folder = temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  onTestFinished(() => void execFileSync('umount', [folder]));
  return folder;
}

test.skipIf(!canMount)(
  'says how much is free on a full disk, leaves no half object, and goes on when there is room (needs root on Linux)',
  async () => {
    const disk = mountDisk('size=256k');
    const store = createLocalObjectStore(join(disk, 'store'));
    await store.put(Buffer.from('before'));
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(100 * 1024));
    const large = Buffer.alloc(200 * 1024, 1);
    await expect(store.put(large)).rejects.toMatchObject({
      type: 'StoreFull',
      class: 'transient',
      message: expect.stringMatching(/the disk is full \(0\.\d MiB and \d+ files free\)/),
    });
    await expect(store.createIfAbsent('ledger/m/000000000001.json', large)).rejects.toMatchObject({ type: 'StoreFull' });
    expect(await store.list('')).toHaveLength(1);
    expect(readdirSync(join(disk, 'store', '.staging'))).toEqual([]);

    execFileSync('rm', [join(disk, 'ballast')]);
    expect(await store.getByDigest(await store.put(large))).toHaveLength(large.length);
  },
);

test.skipIf(!canMount)('says that a disk has no room for another file (needs root on Linux)', async () => {
  const disk = mountDisk('size=1m,nr_inodes=6');
  const store = createLocalObjectStore(join(disk, 'store'));
  const fill = async () => {
    for (let k = 0; k < 10; k++) await store.createIfAbsent(`k/${k}`, Buffer.from('x'));
  };
  await expect(fill()).rejects.toMatchObject({ type: 'StoreFull' });
});

test.skipIf(!canMount)('is denied, for good, on a disk that is read-only (needs root on Linux)', async () => {
  const disk = mountDisk('size=256k');
  const store = createLocalObjectStore(join(disk, 'store'));
  await store.put(Buffer.from('before'));
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  await expect(store.put(Buffer.from('after'))).rejects.toMatchObject({
    type: 'AccessDenied',
    class: 'invalid',
    remedy: expect.stringContaining(disk),
  });
});

test('sweeps what a killed writer staged, but nothing that may still be written', async () => {
  const root = temporaryFolder();
  const staging = join(root, '.staging');
  mkdirSync(staging);
  for (const name of ['old', 'new']) writeFileSync(join(staging, name), 'half');
  const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
  utimesSync(join(staging, 'old'), twoDaysAgo, twoDaysAgo);
  await createLocalObjectStore(root).put(Buffer.from('x'));
  expect(readdirSync(staging)).toEqual(['new']);
});

test('names its root as a URL', () => {
  expect(createLocalObjectStore('/data/of ours').uri).toBe('file:///data/of%20ours');
});
