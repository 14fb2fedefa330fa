import { readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RatchetError } from '../../domain/failure.js';
import { Route } from '../../domain/serving.js';
import { errorCode, makeFolderDurably, replaceDurably, syncFolder } from '../local/durable-file.js';

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
  put(state: RouteState): Promise<void>;
  remove(model: string): Promise<void>;
}

/** The fence: a file per model, durable before anything is asked of Envoy. */
export function openRouteStates(folder: string): RouteStates {
  const routes = join(folder, 'routes');
  const fileOf = (model: string): string => join(routes, `${encodeURIComponent(model)}.json`);

  async function get(model: string): Promise<RouteState | null> {
    const file = fileOf(model);
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    });
    return text === null ? null : parse(file, text);
  }

  async function all(): Promise<ReadonlyMap<string, RouteState>> {
    const names = (await readdir(routes).catch(() => [])).filter((name) => name.endsWith('.json')).toSorted();
    const states = await Promise.all(names.map((name) => get(decodeURIComponent(name.slice(0, -'.json'.length)))));
    return new Map(states.flatMap((state) => (state === null ? [] : [[state.route.model, state]])));
  }

  return {
    all,
    get,
    async put(state) {
      await makeFolderDurably(routes);
      await replaceDurably(join(folder, 'staging'), fileOf(state.route.model), `${JSON.stringify(state, null, 1)}\n`);
    },
    async remove(model) {
      await unlink(fileOf(model));
      await syncFolder(routes);
    },
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
