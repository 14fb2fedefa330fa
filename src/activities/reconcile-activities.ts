import { cancellationSignal, getClient } from '@temporalio/activity';
import type { ModelVersion } from '../domain/candidate.js';
import { digestOf } from '../domain/digest.js';
import { RatchetError } from '../domain/failure.js';
import type { LedgerState } from '../domain/ledger.js';
import { findModels } from '../domain/ledger-models.js';
import { ModelSpec } from '../domain/model-spec.js';
import { placeOfRoute } from '../domain/serving-cluster.js';
import type { MetricSource } from '../ports/metric-source.js';
import type { RegisteredVersion } from '../ports/model-registry.js';
import type { Serving } from '../ports/serving.js';
import type { RouteReading, TrafficRouter } from '../ports/traffic-router.js';
import { createChampionAlias, isSameVersion, type ChampionAliasPorts } from './champion-alias.js';
import { getDocument } from './documents.js';
import { faultOfHold } from './hold-traffic.js';
import { keepRequestCounts } from './request-counts.js';
import { instanceName } from './served-instance.js';
import { lastRecent } from './recent-record.js';
import { faultOfServers } from './servers-fault.js';
import { createTellPeople, type TellPorts } from './tell-people.js';
import { createTellStuck, inWords } from './tell-stuck.js';
import { withdrawExposure, type SettleRequest } from './settle-traffic.js';
import { faultOfTraffic, type Fault } from './traffic-fault.js';

/** A source that hangs keeps nobody's traffic from being looked at. */
const COUNT_MS_MAX = 4000;

export interface ReconcileActivityPorts extends TellPorts, ChampionAliasPorts {
  readonly serving: Serving;
  readonly metrics: MetricSource;
  readonly router: TrafficRouter;
}

/** What was found of one model, in words; empty: all three say the same. */
export interface Reconciled {
  readonly model: string;
  readonly found: readonly string[];
}

interface Compared {
  readonly faults: readonly Fault[];
  /** The model is to be paused. */
  readonly pauses: boolean;
  /** What could not be looked at; null: nothing. */
  readonly trouble: unknown;
}

export function createReconcileActivities(ports: ReconcileActivityPorts) {
  const { store, ledger, router, serving } = ports;
  const championAlias = createChampionAlias(ports);
  const tellPeople = createTellPeople(ports);
  const tellStuck = createTellStuck(ports);
  return { listModels, reconcileModel, settleExposure };

  async function settleExposure(request: SettleRequest): Promise<void> {
    await withdrawExposure({ ledger, router }, request);
  }

  /** Every model with a ledger in this store. Before they are compared, the proxy is told where servers have moved to. */
  async function listModels(): Promise<string[]> {
    const trouble = await router.refresh().then(() => null, knownTrouble);
    const models = await findModels((prefix, options) => store.list(prefix, options));
    // A proxy that cannot be told where servers are is no reason to compare nothing.
    if (trouble !== null) for (const model of models) void tellStuck(model, trouble).catch(() => undefined);
    return models;
  }

  /**
   * Holds router and registry against the ledger, tells where somebody changed them by hand, and repairs them towards it. Servers
   * that somebody edited are told only. The ledger is read after what is held against it: what was allowed in between is no fault.
   */
  async function reconcileModel({ model }: { model: string }): Promise<Reconciled> {
    const reading = await router.read(model).catch(knownTrouble);
    const state = (await ledger.readState(model))?.state;
    if (state === undefined) return { model, found: [] };
    const holds = await holdFaults(model, state, reading);
    const served = await servedFaults(model, state, reading);
    const faults = [...holds, ...served.faults]; // held first: a route that is put again answers nobody in between
    const found = faults.map(({ what }) => what);
    // Told before it is repaired: who dies in between finds it again.
    if (found.length > 0) await tell(model, faults, served.pauses);
    const troubles: unknown[] = [];
    for (const { repair } of faults) await repair?.().catch((error: unknown) => troubles.push(error));
    if (served.trouble !== null) troubles.push(served.trouble);
    if (troubles.length > 0) throw troubles[0]; // what cannot be mended keeps nothing else from being mended
    return { model, found };
  }

  /** Whatever its spec says: what was paused is refused until it is resumed. */
  async function holdFaults(model: string, state: LedgerState, reading: RouteReading | null | RatchetError): Promise<Fault[]> {
    try {
      return await faultOfHold({ ledger, router }, model, state, reading instanceof RatchetError ? null : reading);
    } catch (error) {
      return [
        { what: `requests: serving is paused, and the proxy cannot be told: ${inWords(knownTrouble(error))}`, byHand: false, repair: null },
      ];
    }
  }

  /** Traffic, servers and registry of a champion. */
  async function servedFaults(model: string, state: LedgerState, reading: RouteReading | null | RatchetError): Promise<Compared> {
    if (state.champion === null || state.specDigest === null) return { faults: [], pauses: false, trouble: null };
    const read = await getDocument(store, ModelSpec, 'spec', state.specDigest).then(({ spec }) => spec.serving, lostDocument);
    const asked = read instanceof RatchetError ? undefined : read;
    const hasRoute = reading !== null && !(reading instanceof RatchetError);
    if (hasRoute) await count(reading.asked);
    // What answers requests is looked after, whatever became of the file.
    const isServed = hasRoute || (asked !== undefined && (placeOfRoute(asked.cluster) !== undefined || router.url !== ''));
    const champion = instanceName(model, state.champion.cycle);
    const looks = isServed ? [trafficFaults(model, state, reading), faultOfServers(serving, champion, reading)] : [];
    const served = (await Promise.all(looks)).flat();
    const alias = await faultOfAlias(model, state).catch((error: unknown) => ({ error }));
    const faults = [...('error' in alias ? [] : alias), ...served];
    const pauses = asked?.onHandEdit === 'pause' && faults.some(({ byHand }) => byHand);
    const trouble = 'error' in alias ? alias.error : null;
    return { faults, pauses, trouble: trouble ?? (read instanceof RatchetError ? read : null) };
  }

  /** What cannot be counted now is counted the next time, and monitoring tells that it knows less; it keeps no traffic from being repaired. */
  async function count(asked: RouteReading['asked']): Promise<void> {
    const late = AbortSignal.timeout(COUNT_MS_MAX);
    const signal = AbortSignal.any([cancellationSignal(), late]);
    const counting = keepRequestCounts(ports, asked, Date.now(), signal).catch((error: unknown) => {
      if (!late.aborted) knownTrouble(error);
    });
    const isLate = new Promise<void>((resolve) => late.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([counting, isLate]);
  }

  /** A route that cannot be read, as one whose file was spoilt, is told with what to do; what else is wrong is looked at nevertheless. */
  async function trafficFaults(model: string, state: LedgerState, reading: RouteReading | null | RatchetError): Promise<Fault[]> {
    if (!(reading instanceof RatchetError)) return faultOfTraffic(ports, model, state, reading);
    return [{ what: `traffic: ${inWords(reading)}`, byHand: false, repair: null }];
  }

  async function faultOfAlias(model: string, { champion, previousChampion }: LedgerState): Promise<Fault[]> {
    const fault = await championAlias.look(model, champion!);
    if (fault === null) return [];
    const { place, held } = fault;
    const replaced = previousChampion ?? (await turnedAway(model));
    const byHand = held !== null && (replaced === null || !isSameVersion(held, replaced));
    const repair = async (): Promise<void> => {
      const now = (await ledger.readState(model))?.state.champion;
      if (now?.candidateDigest === champion!.candidateDigest) await championAlias.bring(model, now); // else somebody was just promoted
    };
    return [
      {
        what: `alias champion of ${place.name}: expected version ${champion!.registryVersion} (${champion!.version}), found ${heldWords(champion!, held)}`,
        byHand,
        repair,
      },
    ];
  }

  /** Who was champion before the last rollback: the alias may still be there. */
  async function turnedAway(model: string): Promise<ModelVersion | null> {
    const back = await lastRecent(ledger, model, ({ body }) => body.kind === 'rolled-back');
    if (back === null) return null;
    const [before] = await ledger.readRecords(model, { from: back.seq - 1, to: back.seq - 1 });
    return before?.after.champion ?? null;
  }

  async function tell(model: string, faults: readonly Fault[], pauses: boolean): Promise<void> {
    const found = faults.map(({ what }) => what);
    const byHand = faults.some((fault) => fault.byHand);
    const how = byHand ? 'changed by hand' : 'not as the ledger says';
    const isMended = faults.every(({ repair }) => repair !== null);
    const next = isMended ? 'It was set back: the ledger is the truth.' : 'Not all of it could be set back: see above what to do.';
    const text = [...found, pauses ? `The model is paused: ratchet resume ${model}` : next].join('\n');
    await tellPeople({
      id: `${model}/reconcile/${new Date().toISOString().slice(0, 10)}/${digestOf(found)}`,
      model,
      event: 'reconcile',
      severity: byHand || !isMended ? 'action' : 'info',
      title: `${model}: ${how}`,
      text,
      to: [],
      ...(pauses ? { untilResumed: { what: 'loop' as const, since: new Date().toISOString() } } : {}),
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

/** The same number may be another version: of a registry that was lost, or of another name. */
function heldWords({ registryVersion }: ModelVersion, held: RegisteredVersion | null): string {
  if (held === null) return 'none';
  return held.registryVersion === registryVersion ? `another model as version ${registryVersion}` : held.registryVersion;
}

/** @throws what passes: then all of it is looked at again */
function lostDocument(error: unknown): RatchetError {
  if (error instanceof RatchetError && (error.type === 'EvidenceMissing' || error.type === 'EvidenceCorrupt')) return error;
  throw error;
}

/** @throws what is no trouble of the router's */
function knownTrouble(error: unknown): RatchetError {
  if (error instanceof RatchetError) return error;
  throw error;
}
