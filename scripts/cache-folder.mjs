import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError } from './setup-error.mjs';

/** The folder that holds package.json, steps/ and scripts/: a clone, or the installed package. */
export const packageRoot = fileURLToPath(new URL('..', import.meta.url));

/** Where environments and built binaries are kept, shared by all clones of one user. */
export function cacheFolder() {
  return resolve(process.env.RATCHET_CACHE || join(homedir(), '.cache', 'ratchet'));
}

/** @throws {SetupError} it cannot be made */
export function makeCacheFolder() {
  const folder = cacheFolder();
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw cannotUse(`make the folder ${folder}`, error);
  }
}

/** What cannot be done in the cache folder, for which system error. */
export function cannotUse(what, { code }) {
  return new SetupError(`cannot ${what} (${code}): set RATCHET_CACHE to a folder that you may write, then run the same command again.`);
}

/** 16 hex digits of SHA-256 over strings; names a folder by what it was made from. */
export function shortHash(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex').slice(0, 16);
}

/** Digest of files and whole folders (names and bytes), for "has anything changed since". Missing paths count as empty. */
export function hashPaths(root, paths, keep = () => true) {
  const parts = paths.flatMap((path) => filesUnder(join(root, path)));
  return shortHash(...parts.filter(keep).flatMap((file) => [relative(root, file), readFileSync(file, 'utf8')]));
}

function filesUnder(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return [];
  if (!stat.isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}
