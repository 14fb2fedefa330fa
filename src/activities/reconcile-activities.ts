import { getClient } from '@temporalio/activity';
import { RatchetError } from '../domain/failure.js';
import type { LedgerState } from '../domain/ledger.js';
import { ModelSpec } from '../domain/model-spec.js';
import type { ModelRegistry } from '../ports/model-registry.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { Serving } from '../ports/serving.js';
import type { TrafficRouter } from '../ports/traffic-router.js';
import { getDocument } from './documents.js';
import type { Ledger } from './ledger.js';
import { createTellPeople, type TellPorts } from './tell-people.js';
import { withdrawExposure, type SettleRequest } from './settle-traffic.js';
import { faultOfTraffic, type Fault } from './traffic-fault.js';

export interface ReconcileActivityPorts extends TellPorts {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly registry: ModelRegistry;
  readonly serving: Serving;
  readonly router: TrafficRouter;
}

/** What was found of one model, in words; empty: all three say the same. */
export interface Reconciled {
  readonly model: string;
  readonly found: readonly string[];
}

export function createReconcileActivities(ports: ReconcileActivityPorts) {
  const { store, ledger, registry, router } = ports;
  const tellPeople = createTellPeople(ports);
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
    const traffic = spec.serving === undefined || router.url === '' ? [] : await faultOfTraffic(ports, model, state, reading);
    const alias = await faultOfAlias(model, spec.registry.name ?? model, state).catch((error: unknown) => ({ error }));
    const faults = [...('error' in alias ? [] : alias), ...traffic];
    const found = faults.map(({ what }) => what);
    // Told before it is repaired: who dies in between finds it again.
    const byHand = faults.some((fault) => fault.byHand);
    if (found.length > 0) await tell(model, faults, spec.serving?.onHandEdit === 'pause' && byHand);
    for (const { repair } of faults) await repair?.();
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

  async function tell(model: string, faults: readonly Fault[], pauses: boolean): Promise<void> {
    const found = faults.map(({ what }) => what);
    const byHand = faults.some((fault) => fault.byHand);
    const how = byHand ? 'changed by hand' : 'not as the ledger says';
    const isMended = faults.every(({ repair }) => repair !== null);
    const next = isMended ? 'It was set back: the ledger is the truth.' : 'Not all of it could be set back: see above what to do.';
    const text = [...found, pauses ? `The model is paused: ratchet resume ${model}` : next].join('\n');
    await tellPeople({
      id: `${model}/reconcile/${new Date().toISOString().slice(0, 10)}/${found.join('|').slice(0, 120)}`,
      model,
      event: 'reconcile',
      severity: byHand || !isMended ? 'action' : 'info',
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
