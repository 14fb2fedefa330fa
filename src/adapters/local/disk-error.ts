import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RatchetError } from '../../domain/failure.js';
import { errorCode } from './durable-file.js';

/**
 * What a failed file operation means for the loop: a full disk and a busy one pass, a forbidden folder does not.
 *
 * @param what the store or folder, as the message begins: "object store"
 * @returns StoreFull (with what is free), AccessDenied or StoreUnavailable
 */
export async function explainDiskError(error: unknown, what: string, folder: string): Promise<unknown> {
  if (error instanceof RatchetError) return error;
  const code = errorCode(error);
  if (code === undefined) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG')
    return new RatchetError('StoreFull', `${what} ${folder}: the disk is full (${await freeSpace(folder)})`, {
      remedy: `free space on the disk of ${folder}; the loop then goes on by itself`,
      cause: error,
    });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new RatchetError('AccessDenied', `${what} ${folder}: expected a folder that this user may read and write, found ${code}`, {
      remedy: `give the user of the worker read and write permission on ${folder}`,
      cause: error,
    });
  return new RatchetError('StoreUnavailable', `${what} ${folder}: ${error instanceof Error ? error.message : code}`, { cause: error });
}

async function freeSpace(folder: string): Promise<string> {
  for (let path = folder; ; path = dirname(path)) {
    try {
      const { bavail, bsize, ffree } = await statfs(path);
      return `${((bavail * bsize) / 2 ** 20).toFixed(1)} MiB and ${ffree} files free`;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || path === dirname(path)) return 'how much is free could not be read';
    }
  }
}
