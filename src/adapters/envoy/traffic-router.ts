import { isDeepStrictEqual } from 'node:util';
import { RatchetError } from '../../domain/failure.js';
import { instancesOfRoute, refuseInvalidRoute, refuseStaleShift } from '../../domain/route-fence.js';
import type { Route } from '../../domain/serving.js';
import type { TrafficRouter } from '../../ports/traffic-router.js';
import type { Staging } from '../local/durable-file.js';
import { rendered, withoutBefore } from './asked-route.js';
import { createEnvoyAdmin } from './envoy-admin.js';
import { exclusively } from './exclusive-folder.js';
import type { Turn } from './exclusive-folder.js';
import { explainFolderError } from './folder-error.js';
import { addressesOfAll, addressesWhereKnown } from './replica-addresses.js';
import { createRouteFiles, type Change, type RouteFiles } from './route-files.js';
import { lastTaken, openRouteStates, type RouteState, type RouteStates } from './route-state.js';
import { createSpareFiles } from './spare-files.js';
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

interface Writers {
  readonly states: RouteStates;
  readonly files: RouteFiles;
}

/** Routes as files that Envoy watches; see docs/adr/0010-envoy-by-files.md. */
export function createEnvoyTrafficRouter(options: EnvoyTrafficRouterOptions): EnvoyTrafficRouter {
  const { folder, adminUrl, url, addressesOf, logFile = null } = options;
  const admin = createEnvoyAdmin({ adminUrl, logFile });
  const spares = createSpareFiles(folder);
  const states = openRouteStates(folder);

  /**
   * Whoever lost its turn while it stood still may have written over what is newer: that is put there again.
   * @param staging where there is room for what is written
   */
  async function inTurn(
    staging: Staging,
    signal: AbortSignal | undefined,
    work: (turn: Turn, writers: Writers) => Promise<void>,
  ): Promise<void> {
    const routeStates = openRouteStates(folder, staging);
    const writers = { states: routeStates, files: createRouteFiles(folder, admin, { staging, routeStates }) };
    let turn: Turn | undefined;
    try {
      await exclusively(folder, signal, (given) => work((turn = given), writers), staging);
    } catch (error) {
      const change: Change = { anew: new Set(), expected: null, isDoubtful: true };
      const again = async (given: Turn): Promise<void> => writers.files.apply(await states.all(), change, given, undefined);
      if (turn?.isLost() === true) await exclusively(folder, undefined, again, staging).catch(() => undefined);
      throw await explainFolderError(error, folder);
    } finally {
      await spares.fill().catch(() => undefined); // there is no room: after the next turn
    }
  }

  async function shift(route: Route, signal: AbortSignal): Promise<void> {
    refuseInvalidRoute(route);
    const read = await readCheck(route).catch((error: RatchetError) => error);
    const wanted = await addressesOfAll(instancesOfRoute(route), addressesOf);
    await inTurn(isToOne(route) ? spares.urgent : spares.patient, signal, async (turn, writers) => {
      const newest = await states.get(route.model);
      if (newest !== null) refuseStaleShift(newest.route, route);
      const asked = read instanceof RatchetError ? checkBefore(route, newest, read) : read;
      const taken = lastTaken(newest);
      const state = { ...rendered(route, asked, wanted, newest, taken), before: withoutBefore(taken) };
      await writers.states.claim(state);
      await writers.files.apply(await states.all(), { ...changeOf(state, turn, writers), expected: route }, turn, signal);
      await writers.states.replace({ ...state, before: 'taken' });
    });
  }

  async function hold(model: string, isHeld: boolean, signal: AbortSignal): Promise<void> {
    await inTurn(spares.urgent, signal, async (turn, writers) => {
      await turn.keep();
      await writers.states.hold(model, isHeld);
      const state = (await states.all()).get(model);
      if (state === undefined) {
        // What it answers by lies in Envoy's files alone, or nowhere: a route that comes is made so.
        await writers.files.apply(await states.all(), { anew: new Set(), expected: null }, turn, signal);
        return requireHold(model, isHeld);
      }
      await writers.files.apply(await states.all(), { ...changeOf(state, turn, writers), expected: state.route }, turn, signal);
      if (state.before !== 'taken') await writers.states.replace({ ...state, before: 'taken' });
    });
  }

  async function requireHold(model: string, isHeld: boolean): Promise<void> {
    const inForce = (await admin.routes()).get(model);
    if (inForce === undefined || inForce.isHeld === isHeld) return;
    throw new RatchetError(
      'RouterUnavailable',
      `Envoy: expected all requests of ${model} ${isHeld ? 'refused' : 'answered'}, found otherwise`,
    );
  }

  /** Whoever is refused goes back to what Envoy took last. */
  function changeOf(state: RouteState, turn: Turn, writers: Writers): Pick<Change, 'anew' | 'goBack'> {
    return {
      anew: new Set([state.route.model]),
      async goBack() {
        await turn.keep();
        await writers.states.goBack(state, lastTaken(state));
        return states.all();
      },
    };
  }

  return {
    url,
    shift,
    hold,
    async read(model) {
      const state = await states.get(model).catch(async (error: unknown) => {
        throw await explainFolderError(error, folder);
      });
      if (state === null) return null;
      const inForce = (await admin.routes().catch(ignoreAway))?.get(model);
      const isHeld = inForce?.isHeld ?? (await states.holds()).get(model) === true;
      return { asked: state.route, inForce: inForce?.split ?? null, isHeld };
    },
    async refresh() {
      await inTurn(spares.patient, undefined, async (turn, writers) => {
        for (const state of (await states.all()).values()) {
          const found = await addressesWhereKnown(state.addresses, addressesOf);
          await turn.keep();
          if (!isDeepStrictEqual(found, state.addresses)) await writers.states.replace({ ...state, addresses: found });
        }
        const all = await states.all();
        const halfway = [...all.values()].filter(({ before }) => before !== 'taken');
        if (halfway.length === 0) return writers.files.applyAddresses(all, turn);
        // Whoever asked for these has died before the proxy had them: no hand of anybody's.
        for (const state of halfway) {
          const change = { ...changeOf(state, turn, writers), expected: null };
          const isTaken = await writers.files.apply(await states.all(), change, turn, undefined).then(() => true, isNoRefusal);
          if (isTaken) await writers.states.replace({ ...state, before: 'taken' });
        }
      });
    },
  };
}

/** As when traffic is given back, or a version has baked: it may use what is kept for it. */
function isToOne({ splits, mirror }: Route): boolean {
  return splits.length === 1 && mirror === null;
}

/** Whoever asked for it hears Envoy's words at the next try; the other models do not wait for that. @throws what is no refusal */
function isNoRefusal(error: unknown): false {
  if (error instanceof RatchetError && error.type === 'RouterRefused') return false;
  throw error;
}

function ignoreAway(error: unknown): null {
  if (error instanceof RatchetError && error.type === 'RouterUnavailable') return null;
  throw error;
}
