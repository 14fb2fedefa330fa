import { cancellationSignal, getClient } from '@temporalio/activity';
import { reconcileTraffic } from '../domain/decide/reconcile-traffic.js';
import { splitOfChampion } from '../domain/decide/traffic-splits.js';
import { RatchetError } from '../domain/failure.js';
import type { LedgerState } from '../domain/ledger.js';
import { ModelSpec } from '../domain/model-spec.js';
import type { ModelRegistry } from '../ports/model-registry.js';
import type { Notifier } from '../ports/notifier.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { Serving } from '../ports/serving.js';
import type { Route } from '../domain/serving.js';
import type { RouteReading, TrafficRouter } from '../ports/traffic-router.js';
import { getDocument } from './documents.js';
import type { Ledger } from './ledger.js';
import { instanceName } from './served-instance.js';
import { withdrawExposure, type SettleRequest } from './settle-traffic.js';

export interface ReconcileActivityPorts {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly registry: ModelRegistry;
  readonly notifier: Notifier;
  readonly serving: Serving;
  readonly router: TrafficRouter;
}

/** What was found of one model, in words; empty: all three say the same. */
export interface Reconciled {
  readonly model: string;
  readonly found: readonly string[];
}

/** Something that is not as the ledger says, and what sets it back. */
interface Fault {
  readonly what: string;
  readonly byHand: boolean;
  readonly repair: () => Promise<void>;
}

export function createReconcileActivities(ports: ReconcileActivityPorts) {
  const { store, ledger, registry, notifier, serving, router } = ports;
  return { listModels, reconcileModel, settleExposure };

  async function settleExposure(request: SettleRequest): Promise<void> {
    await withdrawExposure({ ledger, router }, request);
  }

  /** Every model with a ledger in this store. Before they are compared, the proxy is told where servers have moved to. */
  async function listModels(): Promise<string[]> {
    await router.refresh();
    const models: string[] = [];
    // Names have no character below "-": after the last key of a model comes the next one.
    for (let startAfter: string | undefined; ; startAfter = `ledger/${models.at(-1)}/~`) {
      const [key] = await store.list('ledger/', { limit: 1, ...(startAfter === undefined ? {} : { startAfter }) });
      const model = key?.split('/')[1];
      if (model === undefined) return models;
      models.push(model);
    }
  }

  /**
   * Holds router and registry against the ledger, tells where somebody changed them by hand, and repairs them towards it. The
   * ledger is read after what is held against it: what was allowed in between is no fault.
   */
  async function reconcileModel({ model }: { model: string }): Promise<Reconciled> {
    const reading = await router.read(model);
    const state = (await ledger.readState(model))?.state;
    if (state?.champion == null || state.specDigest === null) return { model, found: [] };
    const { spec } = await getDocument(store, ModelSpec, 'spec', state.specDigest);
    const traffic = spec.serving === undefined || router.url === '' ? [] : await faultOfTraffic(model, state, reading);
    const alias = await faultOfAlias(model, spec.registry.name ?? model, state).catch((error: unknown) => ({ error }));
    const faults = [...('error' in alias ? [] : alias), ...traffic];
    const found = faults.map(({ what }) => what);
    // Told before it is repaired: who dies in between finds it again.
    const byHand = faults.some((fault) => fault.byHand);
    if (found.length > 0) await tell(model, found, byHand, spec.serving?.onHandEdit === 'pause' && byHand);
    for (const { repair } of faults) await repair();
    if ('error' in alias) throw alias.error; // a registry that is away keeps no traffic where it may not be
    return { model, found };
  }

  async function faultOfAlias(model: string, name: string, { champion, previousChampion }: LedgerState): Promise<Fault[]> {
    const expected = champion!.registryVersion;
    const alias = await registry.getAlias(name, 'champion');
    if (alias === expected) return [];
    const byHand = alias !== null && previousChampion?.registryVersion !== alias;
    const repair = async (): Promise<void> => {
      const now = (await ledger.readState(model))?.state.champion?.registryVersion;
      if (now === expected) await registry.setAlias(name, 'champion', expected); // else somebody was just promoted
    };
    return [{ what: `alias champion of ${name}: expected version ${expected}, found ${alias ?? 'none'}`, byHand, repair }];
  }

  async function faultOfTraffic(model: string, state: LedgerState, reading: RouteReading | null): Promise<Fault[]> {
    const champion = instanceName(model, state.champion!.cycle);
    const fault = reconcileTraffic(state, reading, (cycle) => instanceName(model, cycle));
    if (fault.kind === 'none') return [];
    const what = `traffic: ${fault.what}`;
    if (reading === null) {
      const isServed = (await serving.describe(champion)) !== null;
      return [
        { what: isServed ? what : `${what}: a rollback or a new cycle starts its servers`, byHand: false, repair: async () => undefined },
      ];
    }
    const { asked } = reading;
    if (fault.kind === 'champion') {
      return [{ what, byHand: false, repair: () => shiftUnlessMoved({ ...asked, shift: asked.shift + 1, ...splitOfChampion(champion) }) }];
    }
    // A shift of ours that is just being put in force looks like a hand edit, once.
    const again = await router.read(model);
    if (again === null || again.asked.shift !== asked.shift) return [];
    if (reconcileTraffic(state, again, (cycle) => instanceName(model, cycle)).kind === 'none') return [];
    return [{ what, byHand: fault.byHand, repair: () => shiftUnlessMoved(asked) }];
  }

  /** Who moved the traffic meanwhile knows more than we did: the next minute looks again. */
  async function shiftUnlessMoved(route: Route): Promise<void> {
    try {
      await router.shift(route, cancellationSignal());
    } catch (error) {
      if (!(error instanceof RatchetError) || error.type !== 'ShiftStale') throw error;
    }
  }

  async function tell(model: string, found: readonly string[], byHand: boolean, pauses: boolean): Promise<void> {
    const how = byHand ? 'changed by hand' : 'not as the ledger says';
    const text = [...found, pauses ? `The model is paused: ratchet resume ${model}` : 'It was set back: the ledger is the truth.'].join(
      '\n',
    );
    await notifier.notify({
      id: `${model}/reconcile/${new Date().toISOString().slice(0, 10)}/${found.join('|').slice(0, 120)}`,
      model,
      severity: byHand ? 'action' : 'info',
      title: `${model}: ${how}`,
      text,
      to: [],
    });
    if (!pauses) return;
    const lifecycle = getClient().workflow.getHandle(`ratchet/${model}`);
    await lifecycle.executeUpdate('pause', { args: [{ requestedBy: 'ratchet', reason: found.join('; ') }] }).catch((error: unknown) => {
      const cause = error instanceof Error ? error.cause : null;
      const isPaused = cause instanceof Error && cause.message.includes('already paused');
      if (!isPaused)
        throw new RatchetError(
          'Unexpected',
          `model ${model} could not be paused: ${error instanceof Error ? error.message : String(error)}`,
        );
    });
  }
}
