import { cancellationSignal } from '@temporalio/activity';
import { reconcileTraffic, type TrafficRepair } from '../domain/decide/reconcile-traffic.js';
import { splitOfChampion } from '../domain/decide/traffic-splits.js';
import { RatchetError } from '../domain/failure.js';
import type { LedgerState } from '../domain/ledger.js';
import type { Route } from '../domain/serving.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { Serving } from '../ports/serving.js';
import type { RouteReading, TrafficRouter } from '../ports/traffic-router.js';
import { loadCycle } from './cycle-context.js';
import type { Ledger } from './ledger.js';
import { orWhenLate } from './or-when-late.js';
import { defaultSettings, settingsOfRoute } from './route-settings.js';
import { instanceName } from './served-instance.js';

/** Something that is not as the ledger says, and what sets it back; null: nothing that may be done by itself does. */
export interface Fault {
  readonly what: string;
  readonly byHand: boolean;
  readonly repair: (() => Promise<void>) | null;
}

/** What takes longer is taken for answered: it keeps no traffic from being repaired. */
const LOOK_MS_MAX = 4000;

interface Ports {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly serving: Serving;
  readonly router: TrafficRouter;
}

/** What of a model's traffic is not as the ledger says. What may be a shift that is just being put in force is looked at twice. */
export async function faultOfTraffic(ports: Ports, model: string, state: LedgerState, reading: RouteReading | null): Promise<Fault[]> {
  const { ledger, serving, router } = ports;
  const compare = (now: LedgerState, read: RouteReading | null): TrafficRepair =>
    reconcileTraffic(now, read, (cycle) => instanceName(model, cycle));
  if (compare(state, reading).kind === 'none') return [];
  const again = await router.read(model);
  const now = (await ledger.readState(model))?.state;
  if (now?.champion == null || again?.asked.shift !== reading?.asked.shift) return [];
  const fault = compare(now, again);
  if (fault.kind === 'none') return [];
  const what = `traffic: ${fault.what}`;
  const champion = instanceName(model, now.champion.cycle);
  // Else every try would fail: as where it was promoted by a file that serves nothing, or its servers were removed.
  if ((again === null || fault.kind === 'champion') && (await isGone(serving, champion)))
    return [{ what: `${what}: a rollback or a new cycle starts its servers`, byHand: false, repair: null }];
  if (again === null)
    return [{ what, byHand: false, repair: async () => putRoute(router, await lostRoute(ports, model, now.champion!.cycle)) }];
  const { asked } = again;
  const wanted = fault.kind === 'champion' ? { ...asked, shift: asked.shift + 1, ...splitOfChampion(champion) } : asked;
  return [{ what, byHand: fault.kind === 'repair' && fault.byHand, repair: () => putRoute(router, wanted) }];
}

/** Only what is known: servers that cannot be asked now may well answer requests. */
async function isGone(serving: Serving, instance: string): Promise<boolean> {
  const isMissing = serving.describe(instance).then(
    (found) => found === null,
    (error: unknown) => {
      if (error instanceof RatchetError) return false;
      throw error;
    },
  );
  return orWhenLate(isMissing, false, LOOK_MS_MAX);
}

/**
 * The route of a champion whose own is gone, as after the proxy’s folder was deleted. Its number is higher than any that was lost
 * with it (they count shifts, this the milliseconds since 1970): one of those that is still on its way comes too late.
 */
async function lostRoute({ ledger, store }: Ports, model: string, championCycle: number): Promise<Route> {
  const { serving } = (await loadCycle({ ledger, store }, model, championCycle)).spec.spec;
  const settings = serving === undefined ? defaultSettings : settingsOfRoute(serving);
  return { model, shift: Date.now(), ...splitOfChampion(instanceName(model, championCycle)), settings };
}

/** Who moved the traffic meanwhile knows more than we did: the next minute looks again. */
async function putRoute(router: TrafficRouter, route: Route): Promise<void> {
  try {
    await router.shift(route, cancellationSignal());
  } catch (error) {
    if (!(error instanceof RatchetError) || error.type !== 'ShiftStale') throw error;
  }
}
