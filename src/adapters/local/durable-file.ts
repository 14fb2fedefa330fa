import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** What node:fs throws. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Creates a file whole and durable, or not at all: bytes and name are on the disk before it answers. link(2), unlike
 * rename(2), never replaces, so exactly one of several racers gets true. A folder that is missing is made.
 *
 * @param stagingFolder on the same disk; holds the bytes until they are complete
 */
export async function createDurably(stagingFolder: string, file: string, bytes: Uint8Array | string, mode = 0o644): Promise<boolean> {
  const staged = await stage(stagingFolder, bytes, mode);
  try {
    await link(staged, file).catch(async (error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error;
      await makeFolderDurably(dirname(file));
      await link(staged, file);
    });
    await syncFolder(dirname(file));
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    // The winner may have crashed between its link and its fsync: what we report as existing must survive as well.
    await syncFolder(dirname(file));
    return false;
  } finally {
    await unlink(staged);
  }
}

/** Replaces a file in one step: readers see the old content or the new, never a part. */
export async function replaceDurably(stagingFolder: string, file: string, bytes: Uint8Array | string, mode = 0o644): Promise<void> {
  const staged = await stage(stagingFolder, bytes, mode);
  try {
    await rename(staged, file);
  } catch (error) {
    await unlink(staged);
    throw error;
  }
  await syncFolder(dirname(file));
}

/** mkdir -p whose new names survive a power cut. */
export async function makeFolderDurably(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let parent = dirname(resolve(folder)); parent.length >= top.length; parent = dirname(parent)) {
    await syncFolder(parent);
    if (parent === dirname(parent)) return;
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function stage(stagingFolder: string, bytes: Uint8Array | string, mode: number): Promise<string> {
  const staged = join(stagingFolder, `${process.pid}-${randomBytes(8).toString('hex')}`);
  const handle = await open(staged, 'wx', mode).catch(async (error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
    await makeFolderDurably(stagingFolder);
    return open(staged, 'wx', mode);
  });
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    await handle.close();
    await unlink(staged);
    throw error;
  }
  await handle.close();
  return staged;
}
