import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { RatchetError } from '../../domain/failure.js';
import { Route } from '../../domain/serving.js';
import { createDurably, replaceDurably } from '../local/durable-file.js';
import { identify, isRunning } from '../local/process-identity.js';
import type { StoredRoute } from './render-config.js';

const Stored = z.strictObject({ route: Route, addresses: z.record(z.string(), z.array(z.string())), jwks: z.string().nullable() });
const LOCK_MS_MAX = 5000;

export type RouteFiles = ReturnType<typeof routeFiles>;

/** What was last asked of the router, model by model, and the files that the proxy reads. Any number of processes may write. */
export function routeFiles(folder: string) {
  const routes = join(folder, 'asked');
  const staging = join(folder, 'staging');
  const lockFile = join(folder, 'lock');
  return { exclusively, read, readAll, write, writeForProxy, forget };

  /** One writer at a time; the lock of a process that is gone is taken over. @throws {RatchetError} RouterUnavailable */
  async function exclusively<T>(run: () => Promise<T>): Promise<T> {
    const me = JSON.stringify(identify(process.pid));
    for (const untilMs = performance.now() + LOCK_MS_MAX; !(await createDurably(staging, lockFile, me));) {
      const holder = await readFile(lockFile, 'utf8').catch(() => null);
      if (holder !== null && !isHeld(holder)) await rm(lockFile, { force: true });
      else if (performance.now() > untilMs)
        throw new RatchetError('RouterUnavailable', `routes in ${folder}: another process has held the lock for ${LOCK_MS_MAX / 1000} s`);
      else await sleep(5);
    }
    try {
      return await run();
    } finally {
      await rm(lockFile, { force: true });
    }
  }

  async function read(model: string): Promise<StoredRoute | null> {
    try {
      return Stored.parse(JSON.parse(await readFile(join(routes, `${model}.json`), 'utf8')));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw new RatchetError(
        'RouterUnavailable',
        `route of ${model}: what lies in ${routes} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  async function readAll(): Promise<StoredRoute[]> {
    await mkdir(routes, { recursive: true });
    const models = (await readdir(routes)).filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5));
    return (await Promise.all(models.map(read))).filter((stored) => stored !== null);
  }

  async function write(stored: StoredRoute): Promise<void> {
    await mkdir(routes, { recursive: true });
    await replaceDurably(staging, join(routes, `${stored.route.model}.json`), JSON.stringify(stored));
  }

  async function forget(model: string): Promise<void> {
    await rm(join(routes, `${model}.json`), { force: true });
  }

  /** Clusters before the routes that need them. */
  async function writeForProxy(files: Record<string, unknown>): Promise<void> {
    for (const [name, document] of Object.entries(files)) await replaceDurably(staging, join(folder, name), JSON.stringify(document));
  }
}

function isHeld(holder: string): boolean {
  try {
    return isRunning(JSON.parse(holder) as { pid: number; start: string });
  } catch {
    return false; // cut off while it was written: its writer is gone
  }
}
