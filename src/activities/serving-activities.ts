import { cancellationSignal } from '@temporalio/activity';
import type { ModelVersion } from '../domain/candidate.js';
import { allowedVersions } from '../domain/decide/allowed-versions.js';
import { skewOf } from '../domain/decide/serving-skew.js';
import { RatchetError } from '../domain/failure.js';
import type { Arm } from '../domain/serving.js';
import type { ModelSpec } from '../domain/model-spec.js';
import type { ServingSpec } from '../domain/serving-spec.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { Serving } from '../ports/serving.js';
import type { TrafficRouter } from '../ports/traffic-router.js';
import { loadCycle, type CycleRef } from './cycle-context.js';
import type { Ledger } from './ledger.js';
import { offlineAnswers } from './offline-answers.js';
import { challengerOf } from './rollout-brief.js';
import { editedByHand } from './servers-fault.js';
import { freshInstanceName, instanceName, instanceSpecOf } from './served-instance.js';

export interface ServingActivityPorts {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly serving: Serving;
  readonly router: TrafficRouter;
}

/** In-flight requests of a version that is taken away have so long to end. */
const DRAIN_SECONDS = 10;

export function createServingActivities({ store, ledger, serving, router }: ServingActivityPorts) {
  return { prepareInstance, prepareChampion, retireOthers };

  /**
   * Starts the servers of an arm of this cycle's rollout, and proves them: on rows of the evaluation they answer what the
   * evaluation has. A challenger without such rows is refused; of an old champion, whose evidence has none, the digest is
   * what is proven.
   * @throws {RatchetError} InstanceNotReady, InstanceRefused, ServingSkew, InstanceConflict, ServingUnavailable
   */
  async function prepareInstance({ arm, ...ref }: CycleRef & { arm: Arm }): Promise<string> {
    const context = await loadCycle({ ledger, store }, ref.model, ref.cycle);
    const settings = servingOf(context.spec, ref.model);
    if (arm === 'challenger') {
      const version = await challengerOf({ ledger, store }, ref);
      return prove(instanceName(ref.model, ref.cycle), ref, version, context.spec, settings, 'new');
    }
    const champion = (await ledger.readState(ref.model))?.state.champion ?? null;
    if (champion === null)
      throw new RatchetError('ServingSkew', `model ${ref.model}: expected a champion to stand beside the challenger, found none`);
    const name = arm === 'champion' ? instanceName(ref.model, champion.cycle) : freshInstanceName(ref.model, champion.cycle, ref.cycle);
    return prepareVersion(name, ref.model, champion, settings, 'forward');
  }

  /**
   * Starts the servers of a version that once was promoted, as today's spec serves the model. Traffic goes back to servers that
   * somebody has edited, too, where they answer as the evaluation did: the reconciliation tells of them.
   */
  async function prepareChampion({
    model,
    version,
    servedBy,
  }: {
    model: string;
    version: ModelVersion;
    servedBy: number;
  }): Promise<string> {
    const { spec } = await loadCycle({ ledger, store }, model, servedBy);
    return prepareVersion(instanceName(model, version.cycle), model, version, servingOf(spec, model), 'backward');
  }

  async function prepareVersion(
    name: string,
    model: string,
    version: ModelVersion,
    settings: ServingSpec,
    way: 'forward' | 'backward',
  ): Promise<string> {
    const made = await loadCycle({ ledger, store }, model, version.cycle);
    const records = await ledger.readRecords(model, { from: version.cycle });
    const ended = records.find(({ body }) => body.kind === 'cycle-ended' && body.cycle === version.cycle)?.body;
    const evidence = ended?.kind === 'cycle-ended' ? ended.evidence : {};
    return prove(name, { model, cycle: version.cycle, evidence }, version, made.spec, settings, way);
  }

  async function prove(
    name: string,
    ref: CycleRef,
    version: ModelVersion,
    made: ModelSpec,
    settings: ServingSpec,
    way: 'new' | 'forward' | 'backward',
  ): Promise<string> {
    const mustAnswer = way === 'new';
    const answers = await offlineAnswers(store, ref);
    if (answers === null && mustAnswer) {
      throw new RatchetError('ServingSkew', `${version.version}: expected rows with the evaluation’s answers in its evidence, found none`, {
        remedy: `the evidence was made by an older version of the steps: ratchet trigger ${ref.model} makes it anew`,
      });
    }
    // A champion that answers is proven as it runs: how a later spec would serve it is no reason to end it.
    const running = mustAnswer ? null : await serving.describe(name);
    const edited = running && editedByHand(running);
    if (edited !== null && way === 'forward') throw edited;
    // Nobody waits for servers to be as they were made where traffic must come back: those that are ready answer.
    const ready = running?.replicas.filter((replica) => replica.ready).length ?? 0;
    const isReady = running !== null && (ready === running.replicas.length || (edited !== null && ready > 0));
    const isRunning = isReady && running.version === version.version;
    const instance = isRunning
      ? running
      : await serving.prepare(instanceSpecOf(name, ref.model, version, made, settings), cancellationSignal());
    if (answers === null) return instance.name;
    for (const [replica, scores] of (await serving.ask(name, answers.served.rows, cancellationSignal())).entries()) {
      const skew = skewOf(answers.served.scores, scores);
      if (skew !== null) {
        throw new RatchetError('ServingSkew', `${version.version}, replica ${replica + 1}: ${skew}`, {
          remedy: 'compare the libraries of the model server with those of the evaluation: steps/requirements.lock',
        });
      }
    }
    return instance.name;
  }

  /**
   * Ends the servers of this model that nobody is sent to, and nobody may be: neither by the ledger nor by the router, each
   * asked anew, nor by a cycle that is preparing. Where one of them cannot be read, nothing is ended.
   * @param ending the cycle whose own servers may go, though it is open
   */
  async function retireOthers({
    model,
    keep,
    ending = null,
  }: {
    model: string;
    keep: readonly string[];
    ending?: number | null;
  }): Promise<void> {
    for (const { name } of await serving.list(model)) {
      if (keep.includes(name) || (await isInUse(model, name, ending))) continue;
      await serving.retire(name, DRAIN_SECONDS);
    }
  }

  async function isInUse(model: string, name: string, ending: number | null): Promise<boolean> {
    const asked = (await router.read(model))?.asked;
    const state = (await ledger.readState(model))?.state;
    if (
      asked !== undefined &&
      [...asked.splits, ...(asked.mirror === null ? [] : [asked.mirror])].some(({ instance }) => instance === name)
    )
      return true;
    if (state === undefined) return true;
    if (allowedVersions(state).some(({ version }) => version.cycle !== ending && instanceName(model, version.cycle) === name)) return true;
    const { openCycle } = state;
    return openCycle !== null && openCycle !== ending && (name === instanceName(model, openCycle) || name.endsWith(`-fresh-${openCycle}`));
  }
}

function servingOf({ spec }: ModelSpec, model: string): ServingSpec {
  if (spec.serving !== undefined) return spec.serving;
  throw new RatchetError('SpecInvalid', `model ${model}: expected \`serving\` in its spec, found none`);
}
