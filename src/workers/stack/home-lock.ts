import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import { identify, isRunning } from '../../adapters/local/process-identity.js';
import { ProcessIdentity } from '../../config/endpoints.js';
import type { Home } from '../../config/home.js';
import { makeFolder } from '../../config/make-folder.js';

const LockHolder = z.strictObject({ host: z.string(), process: ProcessIdentity });
export type LockHolder = z.infer<typeof LockHolder>;

/** Whether this very process still runs. */
export const isProcessAlive = isRunning;

export interface HomeLock {
  release(): void;
}

/** Who runs a stack in this home; null where nobody does (any more). */
export function holderOf(home: Home): LockHolder | null {
  const holder = readHolder(home.lockFile);
  return holder && mayBeAlive(holder) ? holder : null;
}

/** On another machine (a shared disk) we cannot look: it counts as alive. */
export function mayBeAlive({ host, process }: LockHolder): boolean {
  return host !== hostname() || isRunning(process);
}

/** This process, as it is written into a file that says whose a folder is. */
export function thisHolder(): LockHolder {
  return { host: hostname(), process: identify(process.pid) };
}

/** null: no such file, or it says something else. */
export function readHolder(file: string): LockHolder | null {
  try {
    return LockHolder.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

/**
 * Takes the home for this process, or says who has it.
 *
 * The lock is a file that is linked into place whole. One that a dead process left is moved aside by rename: of several
 * that try, one moves it, and all meet again at the link.
 * @throws {Error} the home cannot be written
 */
export function acquireHome(home: Home): HomeLock | LockHolder {
  const self = thisHolder();
  const mine = `${home.lockFile}.${process.pid}`;
  try {
    makeFolder(dirname(home.lockFile)); // data, histories and keys lie below it
    writeFileSync(mine, JSON.stringify(self), { mode: 0o600 });
  } catch (error) {
    throw unwritable(home, error);
  }
  try {
    for (;;) {
      if (tryLink(mine, home.lockFile)) return { release: () => release(home, self.process) };
      const holder = holderOf(home);
      if (holder) return holder;
      moveAside(home.lockFile, `${home.lockFile}.stale.${process.pid}`);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** @param error that the system gave */
export function unwritable(home: Home, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  return new Error(`${home.path}: expected a folder that may be written, found ${code}: name another one with --home or RATCHET_HOME`, {
    cause: error,
  });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function moveAside(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  // Between looking and moving, another starter may have put its own lock there: then it is put back.
  const moved = readHolder(to);
  if (moved && isRunning(moved.process)) tryLink(to, from);
  rmSync(to, { force: true });
}

function release(home: Home, self: ProcessIdentity): void {
  const holder = readHolder(home.lockFile);
  if (holder?.process.pid === self.pid && holder.process.start === self.start) rmSync(home.lockFile, { force: true });
}
