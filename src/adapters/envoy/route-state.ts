import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RatchetError } from '../../domain/failure.js';
import { isSameRoute, staleShift } from '../../domain/route-fence.js';
import { Route } from '../../domain/serving.js';
import { createDurably, errorCode, makeFolderDurably, replaceDurably, syncFolder, type Staging } from '../local/durable-file.js';

/** One route with all that its part of Envoy's files is made of. */
const RenderedRoute = z.strictObject({
  route: Route,
  /** Which tokens pass, with the keys as they were at the shift. That of the route before stays where this one asks for none. */
  check: z.strictObject({ issuer: z.string(), audiences: z.array(z.string()), jwks: z.string() }).nullable(),
  /**
   * instance → host:port of its replicas. Also those of the route before: requests that are under way there, and the
   * counters, are not cut off.
   */
  addresses: z.record(z.string(), z.array(z.string())),
});

/** What was last asked for one model. */
export const RouteState = RenderedRoute.extend({
  /**
   * The route before, until Envoy has taken this one: what is gone back to where Envoy refuses it, also when the process that
   * asked has died meanwhile. 'taken': it has.
   */
  before: z.union([z.literal('taken'), RenderedRoute.nullable()]),
});
export type RouteState = z.infer<typeof RouteState>;

/** The newest route that Envoy took, so far as is known; null: none. */
export function lastTaken(state: RouteState | null): RouteState | null {
  if (state === null || state.before === 'taken') return state;
  return state.before === null ? null : { ...state.before, before: 'taken' };
}

export interface RouteStates {
  /** model → state, in the order of their names. One that cannot be read is left out: that is the trouble of its own model. */
  all(): Promise<ReadonlyMap<string, RouteState>>;
  /** @throws {RatchetError} RouterUnavailable: it cannot be read, with its file */
  get(model: string): Promise<RouteState | null>;
  /** Takes the number, once. @throws {RatchetError} ShiftStale: a higher one is there, or this one with another route */
  claim(state: RouteState): Promise<void>;
  /** model → whether all its requests are refused, also where it has no route yet; null: that cannot be read, and is nobody else's trouble. */
  holds(): Promise<ReadonlyMap<string, boolean | null>>;
  hold(model: string, isHeld: boolean): Promise<void>;
  /** Says anew where its replicas are, or that Envoy has taken it. What was before it is not needed then. */
  replace(state: RouteState): Promise<void>;
  /** Envoy refuses it: what it took last counts again; null: nothing. */
  goBack(refused: RouteState, taken: RouteState | null): Promise<void>;
}

/**
 * The fence: a folder per model with a file per number, durable before anything is asked of Envoy. The highest counts. A file is
 * created or is there already, so a process that stood still since before a higher number cannot put its own in front.
 */
export function openRouteStates(folder: string, staging: Staging = { folder: join(folder, 'staging') }): RouteStates {
  const routes = join(folder, 'routes');
  const folderOf = (model: string): string => join(routes, encodeURIComponent(model));
  const fileOf = ({ route }: RouteState): string => join(folderOf(route.model), `${route.shift}.json`);
  const textOf = (state: RouteState): string => `${JSON.stringify(state, null, 1)}\n`;

  const heldFileOf = (model: string): string => join(folderOf(model), 'held');

  /** Lowest first. */
  async function numbersOf(model: string): Promise<number[]> {
    const names = await readdir(folderOf(model)).catch(ifMissing([]));
    return names.flatMap((name) => (/^\d+\.json$/.test(name) ? [Number.parseInt(name, 10)] : [])).toSorted((a, b) => a - b);
  }

  async function get(model: string): Promise<RouteState | null> {
    for (;;) {
      const newest = (await numbersOf(model)).at(-1);
      // Before there was a file per number, there was one per model.
      const file = newest === undefined ? `${folderOf(model)}.json` : join(folderOf(model), `${newest}.json`);
      const text = await readFile(file, 'utf8').catch(ifMissing(null));
      if (text !== null) return parse(file, text);
      if (newest === undefined) return null; // else a higher one came meanwhile, or Envoy refused this one
    }
  }

  async function all(): Promise<ReadonlyMap<string, RouteState>> {
    const names = (await readdir(routes).catch(ifMissing([]))).map((name) => name.replace(/\.json$/, ''));
    const readable = async (name: string): Promise<RouteState | null> => {
      try {
        return await get(decodeURIComponent(name));
      } catch {
        return null;
      }
    };
    const states = await Promise.all([...new Set(names)].toSorted().map(readable));
    return new Map(states.flatMap((state) => (state === null ? [] : [[state.route.model, state]])));
  }

  async function holds(): Promise<ReadonlyMap<string, boolean | null>> {
    const entries = await readdir(routes, { withFileTypes: true }).catch(ifMissing([]));
    const folders = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
    const isHeld = async (folder: string): Promise<boolean | null> =>
      stat(join(routes, folder, 'held')).then(
        () => true,
        (error: unknown) => (errorCode(error) === 'ENOENT' ? false : null),
      );
    const found = await Promise.all(folders.map(async (folder) => [modelOf(folder), await isHeld(folder)] as const));
    return new Map(found.flatMap(([model, held]) => (model === null ? [] : [[model, held] as const])));
  }

  async function drop(model: string, isDropped: (shift: number) => boolean): Promise<void> {
    for (const shift of await numbersOf(model)) {
      if (isDropped(shift)) await unlink(join(folderOf(model), `${shift}.json`)).catch(ifMissing(undefined));
    }
    await syncFolder(folderOf(model));
  }

  return {
    all,
    get,
    holds,
    async hold(model, isHeld) {
      await makeFolderDurably(folderOf(model));
      if (isHeld) await createDurably(staging, heldFileOf(model), 'all requests are refused: serving is paused\n');
      else await unlink(heldFileOf(model)).catch(ifMissing(undefined));
      await syncFolder(folderOf(model));
    },
    async claim(state) {
      const { model, shift } = state.route;
      const file = fileOf(state);
      if (!(await createDurably(staging, file, textOf(state)))) {
        const there = await readFile(file, 'utf8').catch(ifMissing(null));
        if (there === null || !isSameRoute(parse(file, there).route, state.route))
          throw staleShift(state.route, 'this number with another route');
        await replaceDurably(staging, file, textOf(state));
      }
      const newest = (await numbersOf(model)).at(-1)!;
      if (newest <= shift) return;
      await unlink(file).catch(ifMissing(undefined));
      throw staleShift(state.route, `${newest}`);
    },
    async replace(state) {
      await makeFolderDurably(folderOf(state.route.model));
      await replaceDurably(staging, fileOf(state), textOf(state));
      if (state.before !== 'taken') return;
      await drop(state.route.model, (shift) => shift < state.route.shift);
      await unlink(`${folderOf(state.route.model)}.json`).catch(ifMissing(undefined));
    },
    async goBack(refused, taken) {
      if (taken !== null) await replaceDurably(staging, fileOf(taken), textOf(taken));
      await drop(refused.route.model, (shift) => shift <= refused.route.shift && shift !== taken?.route.shift);
    },
  };
}

/** null: a folder that is none of ours. */
function modelOf(folder: string): string | null {
  try {
    return decodeURIComponent(folder);
  } catch {
    return null;
  }
}

function ifMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (errorCode(error) === 'ENOENT') return instead;
    throw error;
  };
}

function parse(file: string, text: string): RouteState {
  try {
    return RouteState.parse(JSON.parse(text));
  } catch (error) {
    throw new RatchetError('RouterUnavailable', `${file}: expected the route that was last asked for, found something else`, {
      remedy: 'remove the file: the next shift writes it again',
      detail: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}
