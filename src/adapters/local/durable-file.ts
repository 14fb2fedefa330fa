import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Where the bytes of a file lie until they are complete: a folder on the same disk. */
export interface Staging {
  readonly folder: string;
  /** Where the disk is full: moves a file of at least so many bytes there, which has its blocks already. @returns whether there is one */
  takeSpare?(to: string, bytes: number): Promise<boolean>;
}

/** What node:fs throws. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Creates a file whole and durable, or not at all: bytes and name are on the disk before it answers. link(2), unlike
 * rename(2), never replaces, so exactly one of several racers gets true. A folder that is missing is made.
 *
 * @param staging a folder on the same disk; holds the bytes until they are complete
 */
export async function createDurably(staging: string | Staging, file: string, bytes: Uint8Array | string, mode = 0o644): Promise<boolean> {
  const staged = await stage(staging, bytes, mode);
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
export async function replaceDurably(staging: string | Staging, file: string, bytes: Uint8Array | string, mode = 0o644): Promise<void> {
  const staged = await stage(staging, bytes, mode);
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

async function stage(staging: string | Staging, bytes: Uint8Array | string, mode: number): Promise<string> {
  const { folder, takeSpare }: Staging = typeof staging === 'string' ? { folder: staging } : staging;
  const staged = join(folder, `${process.pid}-${randomBytes(8).toString('hex')}`);
  try {
    await write(staged, 'wx', bytes, mode).catch(async (error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error;
      await makeFolderDurably(folder);
      await write(staged, 'wx', bytes, mode);
    });
  } catch (error) {
    const code = errorCode(error);
    if ((code !== 'ENOSPC' && code !== 'EDQUOT') || (await takeSpare?.(staged, Buffer.byteLength(bytes))) !== true) throw error;
    await write(staged, 'r+', bytes, mode); // into the blocks that it has
  }
  return staged;
}

async function write(file: string, flags: 'wx' | 'r+', bytes: Uint8Array | string, mode: number): Promise<void> {
  const handle = await open(file, flags, mode);
  try {
    await handle.writeFile(bytes);
    await handle.truncate(Buffer.byteLength(bytes));
    await handle.sync();
  } catch (error) {
    await handle.close();
    await unlink(file);
    throw error;
  }
  await handle.close();
}
