import type { ModelVersion } from '../domain/candidate.js';
import { refuseExpectation } from '../domain/decide/refuse-append.js';
import type { Digest } from '../domain/digest.js';
import type { Evidence, StageResult } from '../domain/evidence.js';
import { RatchetError } from '../domain/failure.js';
import { candidateOf } from './candidate-of.js';
import { createChampionAlias, isSameVersion, registerRequestOf, registryPlace, type ChampionAliasPorts } from './champion-alias.js';
import { checkPromotion } from './check-promotion.js';
import { loadCycle, type CycleRef } from './cycle-context.js';
import { putDocument } from './documents.js';

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

export function createPromotionActivities({ store, ledger, registryOf }: ChampionAliasPorts) {
  const alias = createChampionAlias({ store, ledger, registryOf });
  return { registerCandidate, checkBaseline, promoteCandidate, projectChampion };

  /** Stores the candidate document and registers its model under alias `challenger`. Asked again, it finds what it made. */
  async function registerCandidate(ref: CycleRef): Promise<RegisteredCandidate> {
    const context = await loadCycle({ ledger, store }, ref.model, ref.cycle);
    const built = await candidateOf(store, context, ref);
    await putDocument(store, built.candidate);
    const { candidate, candidateDigest, version, training } = built;
    const { kind, name } = registryPlace(ref.model, context.spec.spec);
    const registry = registryOf(kind);
    const { mlflowRunId } = training;
    const registered = await registry.register(registerRequestOf(store, name, candidate, { candidateDigest, version, mlflowRunId }));
    await registry.setAlias(name, 'challenger', registered.registryVersion);
    const modelVersion: ModelVersion = {
      version,
      cycle: ref.cycle,
      candidateDigest,
      model: training.model,
      datasetDigest: candidate.datasetDigest,
      trainEnd: training.trainWindow.end,
      registryVersion: registered.registryVersion,
      mlflowRunId,
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

  /** @throws {RatchetError} ChampionChanged: the champion that this cycle was compared with is champion no more. */
  async function checkBaseline({ model, cycle }: Pick<CycleRef, 'model' | 'cycle'>): Promise<void> {
    const { baseline } = await loadCycle({ ledger, store }, model, cycle);
    const state = (await ledger.readState(model))?.state;
    const refusal = state === undefined ? null : refuseExpectation(state, { generation: baseline.generation });
    if (refusal !== null) throw new RatchetError(refusal.type, `cycle ${cycle} of ${model}: ${refusal.reason}`);
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
    if (head === null || !champion) return 'no champion yet';
    const { kind, name, registryVersion } = await alias.bring(model, champion);
    const registry = registryOf(kind);
    if (isSameVersion(await registry.getAlias(name, 'challenger'), champion)) await registry.deleteAlias(name, 'challenger');
    await alias.leaveOthers(model, head.state);
    return `${name} version ${registryVersion} is champion`;
  }
}
