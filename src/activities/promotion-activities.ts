import type { ModelVersion } from '../domain/candidate.js';
import type { Digest } from '../domain/digest.js';
import type { Evidence, StageResult } from '../domain/evidence.js';
import { RatchetError } from '../domain/failure.js';
import { objectKey } from '../domain/object-key.js';
import type { RegistryKind } from '../domain/model-spec.js';
import type { ModelRegistry } from '../ports/model-registry.js';
import type { ObjectStore } from '../ports/object-store.js';
import { candidateOf, type CandidateModel } from './candidate-of.js';
import { checkPromotion } from './check-promotion.js';
import { loadCycle, type CycleContext, type CycleRef } from './cycle-context.js';
import { putDocument } from './documents.js';
import type { Ledger } from './ledger.js';

export interface PromotionActivityPorts {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly registryOf: (kind: RegistryKind) => ModelRegistry;
}

export interface RegisteredCandidate extends StageResult {
  readonly candidateDigest: Digest;
  readonly version: string;
}

export interface PromoteRequest extends CycleRef {
  readonly candidateDigest: Digest;
  readonly becomesAnchor: boolean;
  readonly reason: string;
  /** It is watched from here on. */
  readonly bakes?: boolean;
  /** Workflow time; only informs. */
  readonly at: string;
}

export function createPromotionActivities({ store, ledger, registryOf }: PromotionActivityPorts) {
  return { registerCandidate, promoteCandidate, projectChampion };

  /** Stores the candidate document and registers its model under alias `challenger`. Asked again, it finds what it made. */
  async function registerCandidate(ref: CycleRef): Promise<RegisteredCandidate> {
    const context = await loadCycle({ ledger, store }, ref.model, ref.cycle);
    const built = await candidateOf(store, context, ref);
    await putDocument(store, built.candidate);
    const { candidate, candidateDigest, version, training } = built;
    const name = registryName(context);
    const registry = registryOf(context.spec.spec.registry.kind);
    const registered = await registry.register({
      name,
      candidateDigest,
      source: `${store.uri}/${objectKey(candidate.modelDigest)}`,
      mlflowRunId: training.mlflowRunId,
      description: `${version}, judged in cycle ${ref.cycle}`,
      tags: tagsOf(built),
    });
    await registry.setAlias(name, 'challenger', registered.registryVersion);
    const modelVersion: ModelVersion = {
      version,
      cycle: ref.cycle,
      candidateDigest,
      model: training.model,
      datasetDigest: candidate.datasetDigest,
      trainEnd: training.trainWindow.end,
      registryVersion: registered.registryVersion,
      mlflowRunId: training.mlflowRunId,
    };
    const evidence: Evidence = {
      kind: 'evidence',
      stage: 'register',
      model: ref.model,
      cycle: ref.cycle,
      inputDigest: candidateDigest,
      from: { candidate: candidateDigest },
      job: null,
      body: modelVersion,
    };
    const evidenceDigest = await putDocument(store, evidence);
    return {
      stage: 'register',
      evidenceDigest,
      summary: `${name} version ${registered.registryVersion}`,
      cited: false,
      candidateDigest,
      version,
    };
  }

  /**
   * Writes the promotion to the ledger, fenced by generation and open cycle: from then on it is true. What it stands on is
   * looked at once more before.
   * @throws {RatchetError} ChampionChanged: another version was promoted while this one waited. LedgerConflict.
   */
  async function promoteCandidate(request: PromoteRequest): Promise<void> {
    const context = await loadCycle({ ledger, store }, request.model, request.cycle);
    const { commit } = context.started.trigger;
    let built = await candidateOf(store, context, request);
    // Signed before candidates named their commit: the cycle's record, which it names, has it.
    if (commit !== undefined && built.candidateDigest !== request.candidateDigest)
      built = await candidateOf(store, context, request, false);
    if (built.candidateDigest !== request.candidateDigest) {
      throw new RatchetError(
        'LedgerConflict',
        `cycle ${request.cycle} of ${request.model}: expected candidate ${request.candidateDigest}, found ${built.candidateDigest}: what was signed is not what is here`,
      );
    }
    const version = await checkPromotion({ store, ledger }, context, request);
    await ledger.append({
      model: request.model,
      key: `${request.cycle}/promoted`,
      body: {
        kind: 'promoted',
        cycle: request.cycle,
        version,
        becomesAnchor: request.becomesAnchor,
        reason: request.reason,
        ...(request.bakes === true ? { bakes: true } : {}),
      },
      expects: { generation: context.baseline.generation, openCycle: request.cycle },
      at: request.at,
    });
  }

  /** Moves the registry's alias `champion` to what the ledger says, and reads it back. Safe at any time. */
  async function projectChampion({ model }: { model: string }): Promise<string> {
    const head = await ledger.readState(model);
    const champion = head?.state.champion;
    if (!champion) return 'no champion yet';
    const context = await loadCycle({ ledger, store }, model, champion.cycle);
    const name = registryName(context);
    const registry = registryOf(context.spec.spec.registry.kind);
    const before = await registry.getAlias(name, 'champion');
    if (before !== champion.registryVersion) await registry.setAlias(name, 'champion', champion.registryVersion);
    if ((await registry.getAlias(name, 'challenger')) === champion.registryVersion) await registry.deleteAlias(name, 'challenger');
    const found = await registry.getAlias(name, 'champion');
    if (found !== champion.registryVersion) {
      throw new RatchetError(
        'RegistryUnavailable',
        `alias champion of ${name}: expected version ${champion.registryVersion} after setting it, found ${found ?? 'none'}`,
        {
          remedy: 'somebody else moves this alias: the ledger is the truth and it is set again',
        },
      );
    }
    return `${name} version ${champion.registryVersion} is champion`;
  }
}

function registryName({ spec, model }: CycleContext): string {
  return spec.spec.registry.name ?? model;
}

function tagsOf({ candidate, candidateDigest, version }: CandidateModel): Record<string, string> {
  return {
    'ratchet.version': version,
    'ratchet.cycle': String(candidate.cycle),
    'ratchet.candidate_digest': candidateDigest,
    'ratchet.model_digest': candidate.modelDigest,
    'ratchet.dataset_digest': candidate.datasetDigest,
    'ratchet.code_digest': candidate.codeDigest,
    'ratchet.config_digest': candidate.configDigest,
    'ratchet.policy_digest': candidate.policyDigest,
    ...(candidate.commit === undefined ? {} : { 'ratchet.commit': candidate.commit }),
    'ratchet.baseline_digest': candidate.baseline.championDigest ?? 'none',
    ...Object.fromEntries(Object.entries(candidate.evidence).map(([stage, digest]) => [`ratchet.evidence.${stage}`, digest])),
  };
}
