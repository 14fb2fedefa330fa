import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { Split } from '../domain/decide/traffic-splits.js';
import { RatchetError } from '../domain/failure.js';
import { ModelSpec } from '../domain/model-spec.js';
import { placeOfRoute, whyNotHeld } from '../domain/serving-cluster.js';
import type { Route } from '../domain/serving.js';
import type { TrafficRouter } from '../ports/traffic-router.js';
import { loadCycle } from './cycle-context.js';
import { getDocument } from './documents.js';
import { holdAsRecorded } from './hold-traffic.js';
import type { Ledger } from './ledger.js';
import { defaultSettings, settingsOfRoute } from './route-settings.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { TellPorts } from './tell-people.js';
import { createTellStuck, isStuck } from './tell-stuck.js';

export interface TrafficActivityPorts extends TellPorts {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly router: TrafficRouter;
}

export interface ShiftRequest {
  readonly model: string;
  /** Whose spec says how requests are treated; null: as they are treated now. */
  readonly cycle: number | null;
  /** Strictly greater than every number before: a stalled older shift is refused. */
  readonly shift: number;
  readonly split: Split;
}

export function createTrafficActivities({ store, ledger, router, ...ports }: TrafficActivityPorts) {
  const tellStuck = createTellStuck(ports);
  return { readShift, shiftTraffic, holdTraffic, whyUnpausable };

  /** The number of the last shift that was asked for; 0: none was. */
  async function readShift({ model }: { model: string }): Promise<number> {
    return orTold(model, async () => (await router.read(model))?.asked.shift ?? 0);
  }

  /**
   * Divides the requests, and answers once it is so. Backward it needs neither the ledger nor the store: what is in force
   * says how requests are treated.
   * @returns when it was in force, ISO 8601
   * @throws {RatchetError} ShiftStale, RouterRefused, RouterUnavailable
   */
  async function shiftTraffic({ model, cycle, shift, split }: ShiftRequest): Promise<string> {
    return orTold(model, async () => {
      const settings = cycle === null ? await settingsInForce(model) : await settingsOf(model, cycle);
      await router.shift({ model, shift, ...split, settings }, cancellationSignal());
      return new Date().toISOString();
    });
  }

  /** Refuses a model's requests, or lets them through, as the ledger says. @returns whether they are refused */
  async function holdTraffic({ model }: { model: string }): Promise<boolean> {
    return orTold(model, () => holdAsRecorded({ ledger, router }, model));
  }

  /** Why a model's requests cannot be refused, by where they are divided now, else by its spec; null: they can. */
  async function whyUnpausable({ model }: { model: string }): Promise<string | null> {
    const reading = await router.read(model).catch((error: unknown) => {
      if (error instanceof RatchetError) return 'unreadable' as const; // it is held all the same
      throw error;
    });
    if (reading === 'unreadable') return null;
    if (reading !== null) return whyNotHeld(reading.asked.settings.place);
    const specDigest = (await ledger.readState(model))?.state.specDigest ?? null;
    const serving = specDigest === null ? undefined : (await getDocument(store, ModelSpec, 'spec', specDigest)).spec.serving;
    if (serving === undefined) return 'it answers no requests';
    return whyNotHeld(placeOfRoute(serving.cluster)) ?? (router.url === '' ? 'this worker has no proxy' : null);
  }

  /** What keeps traffic where it may not be is told while it is tried again; nothing waits for the telling. */
  async function orTold<T>(model: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isStuck(error, activityInfo().attempt)) void tellStuck(model, error).catch(() => undefined);
      throw error;
    }
  }

  async function settingsInForce(model: string): Promise<Route['settings']> {
    const asked = (await router.read(model))?.asked;
    return asked?.settings ?? settingsOfSpec(model);
  }

  /** Where its route is gone: only then the ledger is asked where it belongs. */
  async function settingsOfSpec(model: string): Promise<Route['settings']> {
    const specDigest = (await ledger.readState(model))?.state.specDigest ?? null;
    if (specDigest === null) return defaultSettings;
    const { serving } = (await getDocument(store, ModelSpec, 'spec', specDigest)).spec;
    return serving === undefined ? defaultSettings : settingsOfRoute(serving);
  }

  async function settingsOf(model: string, cycle: number): Promise<Route['settings']> {
    const { spec } = await loadCycle({ ledger, store }, model, cycle);
    const { serving } = spec.spec;
    if (serving === undefined) return settingsInForce(model);
    return settingsOfRoute(serving);
  }
}
