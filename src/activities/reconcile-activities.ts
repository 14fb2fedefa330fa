import { cancellationSignal, getClient } from '@temporalio/activity';
import { reconcileTraffic } from '../domain/decide/reconcile-traffic.js';
import { RatchetError } from '../domain/failure.js';
import { ModelSpec } from '../domain/model-spec.js';
import type { ModelRegistry } from '../ports/model-registry.js';
import type { Notifier } from '../ports/notifier.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { Serving } from '../ports/serving.js';
import type { TrafficRouter } from '../ports/traffic-router.js';
import { getDocument } from './documents.js';
import type { Ledger } from './ledger.js';
import { instanceName } from './served-instance.js';
import { sendAllTo, withdrawExposure, type SettleRequest } from './settle-traffic.js';

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

  /** Holds router and registry against the ledger, repairs them towards it, and tells where somebody changed them by hand. */
  async function reconcileModel({ model }: { model: string }): Promise<Reconciled> {
    const state = (await ledger.readState(model))?.state;
    if (state?.champion == null || state.specDigest === null) return { model, found: [] };
    const { spec } = await getDocument(store, ModelSpec, 'spec', state.specDigest);
    const found: string[] = [];
    let byHand = false;
    const name = spec.registry.name ?? model;
    const alias = await registry.getAlias(name, 'champion');
    if (alias !== state.champion.registryVersion) {
      byHand = alias !== null && state.previousChampion?.registryVersion !== alias;
      found.push(`alias champion of ${name}: expected version ${state.champion.registryVersion}, found ${alias ?? 'none'}`);
      await registry.setAlias(name, 'champion', state.champion.registryVersion);
    }
    if (spec.serving !== undefined && router.url !== '') {
      const reading = await router.read(model);
      const repair = reconcileTraffic(state, reading, (cycle) => instanceName(model, cycle));
      if (repair.kind !== 'none') found.push(`traffic: ${repair.what}`);
      if (repair.kind === 'repair' && reading !== null) {
        byHand ||= repair.byHand;
        await router.shift(reading.asked, cancellationSignal());
      }
      if (repair.kind === 'champion' && reading !== null) await sendAllTo(router, model, instanceName(model, state.champion.cycle));
      if (repair.kind === 'champion' && reading === null && (await serving.describe(instanceName(model, state.champion.cycle))) === null) {
        found[found.length - 1] += ': ratchet rollback, or a new cycle, starts its servers';
      }
    }
    if (found.length > 0) await tell(model, found, byHand, spec.serving?.onHandEdit === 'pause' && byHand);
    return { model, found };
  }

  async function tell(model: string, found: readonly string[], byHand: boolean, pauses: boolean): Promise<void> {
    const how = byHand ? 'changed by hand' : 'not as the ledger says';
    const text = [...found, pauses ? `The model is paused: ratchet resume ${model}` : 'It was set back: the ledger is the truth.'].join(
      '\n',
    );
    await notifier.notify({
      id: `${model}/reconcile/${found.join('|').slice(0, 120)}`,
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
