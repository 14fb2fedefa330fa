import { readFile as readFileWithCallback } from 'node:fs';
import { access, readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { digestOfBytes } from '../../domain/digest.js';
import type { Digest } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import { checkObjectKey, checkObjectKeyPrefix, checkRemovableKey, objectKey } from '../../domain/object-key.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { explainDiskError } from './disk-error.js';
import { createDurably, errorCode, replaceDurably, syncFolder } from './durable-file.js';

/** Half the CPU of the one in fs/promises, which makes a FileHandle a file: an audit reads thousands of small ones. */
const readFile: (file: string) => Promise<Buffer> = promisify(readFileWithCallback);
const stagingName = '.staging';
const stagedMsMax = 24 * 3_600_000;

/**
 * Objects as files under a folder, which is made with the first write. `put` mends an object whose bytes on the disk are
 * not those of its name; everything else never replaces a file.
 *
 * @param root absolute or relative to the current folder
 */
export function createLocalObjectStore(root: string): ObjectStore {
  const folder = resolve(root);
  const staging = join(folder, stagingName);
  const fileOf = (key: string) => join(folder, checkObjectKey(key));
  let sweep: Promise<void> | undefined;
  return { uri: pathToFileURL(folder).href, put, getByDigest, hasDigest, remove, removeKey, createIfAbsent, get, list };

  async function put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOfBytes(bytes);
    const file = fileOf(objectKey(digest));
    await onDisk(async () => {
      await (sweep ??= removeAbandoned(staging));
      if (!(await exists(file)) && (await createDurably(staging, file, bytes))) return;
      const found = await get(objectKey(digest)); // null: removed just now
      if (found === null || digestOfBytes(found) !== digest) await replaceDurably(staging, file, bytes);
      else await syncFolder(dirname(file)); // the one who made it may not have come so far
    });
    return digest;
  }

  async function getByDigest(digest: Digest): Promise<Uint8Array> {
    const key = objectKey(digest);
    const bytes = await get(key);
    if (!bytes)
      throw new RatchetError('EvidenceMissing', `object store ${folder}: expected ${key}, found nothing`, {
        remedy: 'restore the object from a copy of the store, or run the stage that made it again',
      });
    const found = digestOfBytes(bytes);
    if (found !== digest)
      throw new RatchetError('EvidenceCorrupt', `object store ${folder}: ${key} holds ${bytes.length} bytes whose digest is ${found}`, {
        remedy: 'restore the object from a copy of the store, or run the stage that made it again',
      });
    return bytes;
  }

  async function hasDigest(digest: Digest): Promise<boolean> {
    return onDisk(() => exists(fileOf(objectKey(digest))));
  }

  async function remove(digest: Digest): Promise<void> {
    await removeFile(fileOf(objectKey(digest)));
  }

  async function removeKey(key: string): Promise<void> {
    await removeFile(join(folder, checkRemovableKey(key)));
  }

  async function removeFile(file: string): Promise<void> {
    const unlessGone = (error: unknown): void => {
      if (!['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw error;
    };
    await onDisk(async () => {
      await unlink(file).catch(unlessGone);
      await syncFolder(dirname(file)).catch(unlessGone); // also where it was gone: the one who removed it may not have come so far
    });
  }

  async function createIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    const file = fileOf(key);
    return onDisk(async () => {
      await (sweep ??= removeAbandoned(staging));
      if (!(await exists(file))) return createDurably(staging, file, bytes);
      await syncFolder(dirname(file)); // the one who made it may not have come so far
      return false;
    });
  }

  async function get(key: string): Promise<Uint8Array | null> {
    const file = fileOf(key);
    return onDisk(async () => {
      try {
        return await readFile(file);
      } catch (error) {
        if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(errorCode(error) ?? '')) return null;
        throw error;
      }
    });
  }

  async function list(prefix: string, { startAfter = '', limit = 1000 }: { startAfter?: string; limit?: number } = {}): Promise<string[]> {
    checkObjectKeyPrefix(prefix);
    const keys: string[] = [];
    const parent = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    await onDisk(() => collect(folder, parent, { prefix, startAfter, limit: Math.min(limit, 1000) }, keys));
    return keys;
  }

  async function onDisk<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      throw await explainDiskError(error, 'object store', folder);
    }
  }
}

/** Walks in the order of whole keys: a folder sorts as its name with the slash, which puts `a-b` before `a/b` as S3 does. */
async function collect(
  root: string,
  parent: string,
  query: { prefix: string; startAfter: string; limit: number },
  keys: string[],
): Promise<void> {
  const entries = await readdir(join(root, parent), { withFileTypes: true }).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return [];
    throw error;
  });
  const wanted = entries
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry) => parent + entry.name + (entry.isDirectory() ? '/' : ''))
    .filter((path) => path.startsWith(query.prefix) || (path.endsWith('/') && query.prefix.startsWith(path)))
    .filter((path) => path > query.startAfter || (path.endsWith('/') && query.startAfter.startsWith(path)))
    .sort(byCodeUnit);
  for (const path of wanted) {
    if (keys.length >= query.limit) return;
    if (path.endsWith('/')) await collect(root, path, query, keys);
    else keys.push(path);
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return false;
    throw error;
  }
}

/** A process killed in the middle of a write leaves its staged bytes; nobody else can know that they are nobody's, but age. */
async function removeAbandoned(staging: string): Promise<void> {
  const names = await readdir(staging).catch(() => []);
  for (const name of names) {
    const file = join(staging, name);
    const age = await stat(file).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > stagedMsMax) await unlink(file).catch(() => undefined);
  }
}
