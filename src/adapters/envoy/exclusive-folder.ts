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
/** Of a lock that is said to stand: what a writer that stood still itself sees in one look says nothing. */
const looksMin = 20;
/** For one that is at work; who comes after it has as long … */
const waitMsMax = 5000;
/** … but not for ever. */
const waitAllMsMax = 60_000;

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
 * @throws {RatchetError} RouterUnavailable: another one is at work for 5 s, or one after the other for a minute
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
  const untilMs = performance.now() + waitAllMsMax;
  const standsAs = standing();
  const isHeldBy = standing();
  while (!(await createDurably(staging, lock, JSON.stringify(mine)))) {
    signal?.throwIfAborted();
    const owner = await ownerOf(lock);
    const isSilent = standsAs(`${owner?.token} ${await touchedMs(lock)}`) > silentMsMax;
    const isSlow = isHeldBy(owner?.token) > waitMsMax || performance.now() > untilMs;
    if (isSilent || (owner !== null && !isRunning(owner))) await moveAside(lock, owner, mine.token);
    else if (isSlow)
      throw new RatchetError('RouterUnavailable', `${lock}: expected to be alone there, found process ${owner?.pid} at work for too long`, {
        remedy: 'it is tried again; where it stays so, look whether Envoy answers',
      });
    else await sleep(10, undefined, signal && { signal });
  }
}

/** Says of each value how long it has stood; 0 until it was looked at often enough. */
function standing(): (value: string | undefined) => number {
  let since = { value: '' as string | undefined, atMs: 0, looks: 0 };
  return (value) => {
    const nowMs = performance.now();
    since = value === since.value ? { ...since, looks: since.looks + 1 } : { value, atMs: nowMs, looks: 0 };
    return since.looks < looksMin ? 0 : nowMs - since.atMs;
  };
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
