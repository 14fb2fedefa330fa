import { randomUUID } from 'node:crypto';
import { readFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { RatchetError } from '../../domain/failure.js';
import { createDurably, type Staging } from '../local/durable-file.js';
import { identify, isRunning } from '../local/process-identity.js';

const Owner = z.object({ pid: z.number(), start: z.string(), token: z.string() });
type Owner = z.infer<typeof Owner>;

/** A holder says so often that it goes on … */
const beatMs = 100;
/** … and one that was silent for so long stands still: nobody who turns back waits for it. */
const silentMsMax = 600;
const silentLooksMin = 20;
/** For one that is at work. */
const waitMsMax = 5000;

/** One process's time alone in the folder; another may end it where this one stood still. */
export interface Turn {
  /** @throws {RatchetError} RouterUnavailable: another process has taken over; ask before each write */
  keep(): Promise<void>;
  /** Whether that was ever found: what was written last may have come too late. */
  isLost(): boolean;
}

/**
 * One writer at a time, over all processes of this machine. The lock of a process that is dead, or stands still (stopped,
 * swapped out), is taken over.
 * @throws {RatchetError} RouterUnavailable: another one is at work for 5 s
 */
export async function exclusively<T>(
  folder: string,
  signal: AbortSignal | undefined,
  work: (turn: Turn) => Promise<T>,
  staging: Staging = { folder: join(folder, 'staging') },
): Promise<T> {
  const lock = join(folder, 'router.lock');
  const mine: Owner = { ...identify(process.pid), token: randomUUID() };
  await enter(staging, lock, mine, signal);
  const isMine = async (): Promise<boolean> => (await ownerOf(lock))?.token === mine.token;
  let isLost = false;
  const keep = async (): Promise<void> => {
    if (!isLost && (await isMine())) return;
    isLost = true;
    const message = `${lock}: expected process ${process.pid} to keep its turn, found that it stood still and another one took over`;
    throw new RatchetError('RouterUnavailable', message, { remedy: 'it is tried again; look at the load and the memory of this machine' });
  };
  const beat = async (): Promise<void> => {
    if (await isMine()) await utimes(lock, new Date(), new Date());
  };
  const beating = setInterval(() => void beat().catch(() => undefined), beatMs);
  try {
    return await work({ keep, isLost: () => isLost });
  } finally {
    clearInterval(beating);
    if (await isMine()) await unlink(lock);
  }
}

async function enter(staging: Staging, lock: string, mine: Owner, signal: AbortSignal | undefined): Promise<void> {
  const untilMs = performance.now() + waitMsMax;
  let heard = { beat: '', atMs: performance.now(), looks: 0 };
  while (!(await createDurably(staging, lock, JSON.stringify(mine)))) {
    signal?.throwIfAborted();
    const owner = await ownerOf(lock);
    const beat = `${owner?.token} ${await touchedMs(lock)}`;
    heard = heard.beat === beat ? { ...heard, looks: heard.looks + 1 } : { beat, atMs: performance.now(), looks: 0 };
    // Looks are counted too: where we stood still ourselves, time alone says nothing of the other one.
    const isSilent = performance.now() - heard.atMs > silentMsMax && heard.looks >= silentLooksMin;
    if (isSilent || (owner !== null && !isRunning(owner))) await moveAside(lock, owner, mine.token);
    else if (performance.now() > untilMs)
      throw new RatchetError('RouterUnavailable', `${lock}: expected to be alone within 5 s, found process ${owner?.pid} at work`, {
        remedy: 'it is tried again; where it stays so, look whether Envoy answers',
      });
    else await sleep(10, undefined, signal && { signal });
  }
}

/** Between looking and moving, another process may have moved the old lock and put its own there: then it is put back. */
async function moveAside(lock: string, seen: Owner | null, token: string): Promise<void> {
  const aside = `${lock}.${token}`;
  try {
    await rename(lock, aside);
  } catch {
    return; // somebody else was faster
  }
  const moved = await ownerOf(aside);
  if (moved !== null && moved.token !== seen?.token) await rename(aside, lock);
  else await unlink(aside);
}

async function ownerOf(lock: string): Promise<Owner | null> {
  try {
    return Owner.parse(JSON.parse(await readFile(lock, 'utf8')));
  } catch {
    return null; // given back meanwhile
  }
}

async function touchedMs(lock: string): Promise<number | null> {
  return stat(lock).then(
    ({ mtimeMs }) => mtimeMs,
    () => null,
  );
}
