import { readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { RatchetError } from '../../domain/failure.js';
import { Route } from '../../domain/serving.js';
import { createDurably, errorCode, makeFolderDurably, replaceDurably, syncFolder } from '../local/durable-file.js';

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
  /** model → state, in the order of their names. */
  all(): Promise<ReadonlyMap<string, RouteState>>;
  get(model: string): Promise<RouteState | null>;
  /** Takes the number, once. @throws {RatchetError} ShiftStale: a higher one is there, or this one with another route */
  claim(state: RouteState): Promise<void>;
  /** Says anew where its replicas are, or that Envoy has taken it. What was before it is not needed then. */
  replace(state: RouteState): Promise<void>;
  /** Envoy refuses it: what it took last counts again; null: nothing. */
  goBack(refused: RouteState, taken: RouteState | null): Promise<void>;
}

/**
 * The fence: a folder per model with a file per number, durable before anything is asked of Envoy. The highest counts. A file is
 * created or is there already, so a process that stood still since before a higher number cannot put its own in front.
 */
export function openRouteStates(folder: string): RouteStates {
  const routes = join(folder, 'routes');
  const staging = join(folder, 'staging');
  const folderOf = (model: string): string => join(routes, encodeURIComponent(model));
  const fileOf = ({ route }: RouteState): string => join(folderOf(route.model), `${route.shift}.json`);
  const textOf = (state: RouteState): string => `${JSON.stringify(state, null, 1)}\n`;

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
    const names = (await readdir(routes).catch(ifMissing([]))).map((name) => decodeURIComponent(name.replace(/\.json$/, '')));
    const states = await Promise.all([...new Set(names)].toSorted().map(get));
    return new Map(states.flatMap((state) => (state === null ? [] : [[state.route.model, state]])));
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
    async claim(state) {
      const { model, shift } = state.route;
      const file = fileOf(state);
      if (!(await createDurably(staging, file, textOf(state)))) {
        const there = await readFile(file, 'utf8').catch(ifMissing(null));
        if (there === null || !isSameRoute(parse(file, there).route, state.route))
          throw stale(state.route, 'this number with another route');
        await replaceDurably(staging, file, textOf(state));
      }
      const newest = (await numbersOf(model)).at(-1)!;
      if (newest <= shift) return;
      await unlink(file).catch(ifMissing(undefined));
      throw stale(state.route, `${newest}`);
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

/** Whether two routes ask for the same. */
export function isSameRoute(left: Route, right: Route): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(left)), JSON.parse(JSON.stringify(right)));
}

export function stale({ model, shift }: Route, found: string): RatchetError {
  return new RatchetError('ShiftStale', `route of ${model}: expected shift ${shift} to be the newest, found ${found}`, {
    remedy: 'read the route again: somebody else has shifted meanwhile',
  });
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
