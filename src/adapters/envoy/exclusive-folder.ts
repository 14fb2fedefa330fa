import { randomUUID } from 'node:crypto';
import { readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { RatchetError } from '../../domain/failure.js';
import { createDurably } from '../local/durable-file.js';
import { identify, isRunning } from '../local/process-identity.js';

const Owner = z.object({ pid: z.number(), start: z.string(), token: z.string() });
type Owner = z.infer<typeof Owner>;

const waitMsMax = 30_000;

/**
 * One writer at a time, over all processes of this machine. A lock that a dead process left is moved aside.
 * @throws {RatchetError} RouterUnavailable: another one has it for 30 s
 */
export async function exclusively<T>(folder: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const lock = join(folder, 'router.lock');
  const mine: Owner = { ...identify(process.pid), token: randomUUID() };
  const untilMs = performance.now() + waitMsMax;
  while (!(await createDurably(join(folder, 'staging'), lock, JSON.stringify(mine)))) {
    signal?.throwIfAborted();
    const owner = await ownerOf(lock);
    if (owner !== null && !isRunning(owner)) await moveAside(lock, owner, mine.token);
    else if (performance.now() > untilMs)
      throw new RatchetError('RouterUnavailable', `${lock}: expected to be alone within 30 s, found process ${owner?.pid} at work`);
    else await sleep(10, undefined, signal && { signal });
  }
  try {
    return await work();
  } finally {
    if ((await ownerOf(lock))?.token === mine.token) await unlink(lock);
  }
}

/** Between looking and moving, another process may have moved the old lock and put its own there: then it is put back. */
async function moveAside(lock: string, dead: Owner, token: string): Promise<void> {
  const aside = `${lock}.${token}`;
  try {
    await rename(lock, aside);
  } catch {
    return; // somebody else was faster
  }
  const moved = await ownerOf(aside);
  if (moved !== null && moved.token !== dead.token) await rename(aside, lock);
  else await unlink(aside);
}

async function ownerOf(lock: string): Promise<Owner | null> {
  try {
    return Owner.parse(JSON.parse(await readFile(lock, 'utf8')));
  } catch {
    return null; // given back meanwhile
  }
}
