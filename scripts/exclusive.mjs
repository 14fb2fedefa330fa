import { mkdirSync, readFileSync, rmdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { cannotUse } from './cache-folder.mjs';

const refreshMs = 2_000;
const staleMs = 30_000;
const pollMs = 200;

/**
 * Runs `work` while holding the lock file: two set-ups side by side never write the same folder.
 *
 * The holder touches the file every 2 s. A lock is taken over when its process is gone, or (the process number was given
 * to somebody else, or it is on another machine) when it has not been touched for 30 s.
 *
 * @param {string} lockFile
 * @param {() => Promise<T>} work
 * @param {() => void} [onWait] called once where somebody else holds the lock
 * @template T
 * @throws {SetupError} the lock file cannot be written
 */
export async function exclusively(lockFile, work, onWait = () => {}) {
  makeFolderOf(lockFile);
  for (let told = false; !tryCreate(lockFile); told = true) {
    if (!told) onWait();
    if (isStale(lockFile)) takeOver(lockFile);
    else await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  const release = () => rmSync(lockFile, { force: true });
  const refresh = setInterval(() => touch(lockFile), refreshMs);
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(refresh);
    process.off('exit', release);
    release();
  }
}

function tryCreate(lockFile) {
  try {
    writeFileSync(lockFile, JSON.stringify({ pid: process.pid, host: hostname() }), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw cannotUse(`write ${lockFile}`, error);
  }
}

function makeFolderOf(lockFile) {
  try {
    mkdirSync(dirname(lockFile), { recursive: true });
  } catch (error) {
    throw cannotUse(`write ${lockFile}`, error);
  }
}

function isStale(lockFile) {
  try {
    if (Date.now() - statSync(lockFile).mtimeMs > staleMs) return true;
    const { pid, host } = JSON.parse(readFileSync(lockFile, 'utf8'));
    return host === hostname() && !isAlive(pid);
  } catch {
    return false; // gone, or not written out yet
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Only one process at a time may remove a stale lock, else the second one would remove the first one's new lock. */
function takeOver(lockFile) {
  const guard = `${lockFile}.takeover`;
  try {
    mkdirSync(guard);
  } catch {
    if (ageMs(guard) > staleMs) rmdirSync(guard); // died in the microseconds of a take-over
    return;
  }
  try {
    if (isStale(lockFile)) rmSync(lockFile, { force: true });
  } finally {
    rmdirSync(guard);
  }
}

function ageMs(path) {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function touch(lockFile) {
  try {
    utimesSync(lockFile, new Date(), new Date());
  } catch {
    // removed by hand: the work goes on, and the next holder will find it done
  }
}
