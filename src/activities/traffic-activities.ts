import { cancellationSignal } from '@temporalio/activity';
import type { Split } from '../domain/decide/traffic-splits.js';
import type { Route } from '../domain/serving.js';
import type { TrafficRouter } from '../ports/traffic-router.js';
import { loadCycle } from './cycle-context.js';
import type { Ledger } from './ledger.js';
import { defaultSettings, settingsOfRoute } from './route-settings.js';
import type { ObjectStore } from '../ports/object-store.js';

export interface TrafficActivityPorts {
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

export function createTrafficActivities({ store, ledger, router }: TrafficActivityPorts) {
  return { readShift, shiftTraffic };

  /** The number of the last shift that was asked for; 0: none was. */
  async function readShift({ model }: { model: string }): Promise<number> {
    return (await router.read(model))?.asked.shift ?? 0;
  }

  /**
   * Divides the requests, and answers once it is so. Backward it needs neither the ledger nor the store: what is in force
   * says how requests are treated.
   * @returns when it was in force, ISO 8601
   * @throws {RatchetError} ShiftStale, RouterRefused, RouterUnavailable
   */
  async function shiftTraffic({ model, cycle, shift, split }: ShiftRequest): Promise<string> {
    const settings = cycle === null ? await settingsInForce(model) : await settingsOf(model, cycle);
    await router.shift({ model, shift, ...split, settings }, cancellationSignal());
    return new Date().toISOString();
  }

  async function settingsInForce(model: string): Promise<Route['settings']> {
    const asked = (await router.read(model))?.asked;
    return asked?.settings ?? defaultSettings;
  }

  async function settingsOf(model: string, cycle: number): Promise<Route['settings']> {
    const { spec } = await loadCycle({ ledger, store }, model, cycle);
    const { serving } = spec.spec;
    if (serving === undefined) return settingsInForce(model);
    return settingsOfRoute(serving);
  }
}
