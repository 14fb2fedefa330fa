import { isDeepStrictEqual } from 'node:util';
import { RatchetError } from '../../domain/failure.js';
import { Route } from '../../domain/serving.js';
import type { TrafficRouter } from '../../ports/traffic-router.js';
import { createEnvoyAdmin } from './envoy-admin.js';
import { exclusively } from './exclusive-folder.js';
import type { Turn } from './exclusive-folder.js';
import { explainFolderError } from './folder-error.js';
import { addressesOfAll, addressesWhereKnown } from './replica-addresses.js';
import { createRouteFiles } from './route-files.js';
import { isSameRoute, lastTaken, openRouteStates, stale } from './route-state.js';
import type { RouteState } from './route-state.js';
import { checkBefore, readCheck } from './tokens-file.js';

export interface EnvoyTrafficRouterOptions {
  /** That of envoyServerPlan: Envoy watches it. */
  readonly folder: string;
  readonly adminUrl: string;
  /** Where callers ask: `http://host:port`. */
  readonly url: string;
  /** host:port of an instance's replicas. */
  addressesOf(instance: string): Promise<readonly string[]>;
  /** Envoy's log: its words where it refuses a file. */
  readonly logFile?: string;
}

export interface EnvoyTrafficRouter extends TrafficRouter {
  /** Asks again where all replicas are; changes nothing where they are where they were. @throws {RatchetError} RouterUnavailable */
  refresh(): Promise<void>;
}

/** Routes as files that Envoy watches; see docs/adr/0010-envoy-by-files.md. */
export function createEnvoyTrafficRouter(options: EnvoyTrafficRouterOptions): EnvoyTrafficRouter {
  const { folder, adminUrl, url, addressesOf, logFile = null } = options;
  const admin = createEnvoyAdmin({ adminUrl, logFile });
  const states = openRouteStates(folder);
  const files = createRouteFiles(folder, admin);

  /** Whoever lost its turn while it stood still may have written over what is newer: that is put there again. */
  async function inTurn(signal: AbortSignal | undefined, work: (turn: Turn) => Promise<void>): Promise<void> {
    let turn: Turn | undefined;
    try {
      await exclusively(folder, signal, (given) => work((turn = given)));
    } catch (error) {
      const again = async (given: Turn): Promise<void> => files.apply(await states.all(), null, given, undefined);
      if (turn?.isLost() === true) await exclusively(folder, undefined, again).catch(() => undefined);
      throw await explainFolderError(error, folder);
    }
  }

  async function shift(route: Route, signal: AbortSignal): Promise<void> {
    refuseInvalid(route);
    const read = await readCheck(route).catch((error: RatchetError) => error);
    const wanted = await addressesOfAll(instancesOf(route), addressesOf);
    await inTurn(signal, async (turn) => {
      const newest = await states.get(route.model);
      if (newest !== null) refuseStale(newest.route, route);
      const asked = read instanceof RatchetError ? checkBefore(route, newest, read) : read;
      const taken = lastTaken(newest);
      const state = { ...rendered(route, asked, wanted, newest, taken), before: withoutBefore(taken) };
      await states.claim(state);
      try {
        await files.apply(await states.all(), route, turn, signal);
      } catch (error) {
        if (error instanceof RatchetError && error.type === 'RouterRefused') {
          await turn.keep();
          await states.goBack(state, taken);
          await files.write(await states.all(), turn);
        }
        throw error;
      }
      await states.replace({ ...state, before: 'taken' });
    });
  }

  return {
    url,
    shift,
    async read(model) {
      const state = await states.get(model).catch(async (error: unknown) => {
        throw await explainFolderError(error, folder);
      });
      if (state === null) return null;
      const inForce = await admin.routes().catch(ignoreAway);
      return { asked: state.route, inForce: inForce?.get(model) ?? null };
    },
    async refresh() {
      await inTurn(undefined, async (turn) => {
        for (const state of (await states.all()).values()) {
          const found = await addressesWhereKnown(state.addresses, addressesOf);
          await turn.keep();
          if (!isDeepStrictEqual(found, state.addresses)) await states.replace({ ...state, addresses: found });
        }
        const all = await states.all();
        const halfway = [...all.values()].filter(({ before }) => before !== 'taken');
        if (halfway.length === 0) return files.applyAddresses(all, turn);
        // Whoever asked for these has died before the proxy had them: no hand of anybody's.
        await files.apply(all, null, turn, undefined);
        for (const state of halfway) await states.replace({ ...state, before: 'taken' });
      });
    },
  };
}

/** What was there before stays reachable beside what is wanted now. */
function rendered(
  route: Route,
  asked: RouteState['check'],
  wanted: RouteState['addresses'],
  ...earlier: readonly (RouteState | null)[]
): Omit<RouteState, 'before'> {
  const present = earlier.filter((state) => state !== null);
  const check = asked ?? present.find((state) => state.route.settings.jwt)?.check ?? null;
  return { route, check, addresses: Object.assign({}, ...present.map(addressesInForce), wanted) as RouteState['addresses'] };
}

function withoutBefore(state: RouteState | null): RouteState['before'] {
  return state === null ? null : { route: state.route, check: state.check, addresses: state.addresses };
}

/** Before anything is written: what the fence could not read again would bar all later shifts. */
function refuseInvalid(route: Route): void {
  const { model, splits } = route;
  const { error } = Route.safeParse(route);
  if (error) {
    const [issue] = error.issues;
    throw new RatchetError('RouterRefused', `route of ${model}: ${issue?.path.join('.')}: ${issue?.message}`, { cause: error });
  }
  const sum = splits.reduce((total, { weightPercent }) => total + weightPercent, 0);
  if (sum !== 100) throw new RatchetError('RouterRefused', `route of ${model}: expected weights that sum to 100, found ${sum}`);
}

function refuseStale(inForce: Route, route: Route): void {
  if (route.shift > inForce.shift || (route.shift === inForce.shift && isSameRoute(inForce, route))) return;
  throw stale(route, route.shift < inForce.shift ? `${inForce.shift} in force` : 'this number in force with another route');
}

function instancesOf({ splits, mirror }: Route): string[] {
  return [...new Set([...splits.map(({ instance }) => instance), ...(mirror ? [mirror.instance] : [])])];
}

function addressesInForce({ route, addresses }: RouteState): RouteState['addresses'] {
  return Object.fromEntries(instancesOf(route).map((instance) => [instance, addresses[instance] ?? []]));
}

function ignoreAway(error: unknown): null {
  if (error instanceof RatchetError && error.type === 'RouterUnavailable') return null;
  throw error;
}
