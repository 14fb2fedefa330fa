import type { Candidate } from '../domain/candidate.js';
import { planStages } from '../domain/decide/plan-stages.js';
import { digestOf, shortDigest, type Digest } from '../domain/digest.js';
import type { Stage } from '../domain/evidence.js';
import { RatchetError } from '../domain/failure.js';
import { policyDigestOf } from '../domain/policy.js';
import { SnapshotOutput, TrainOutput } from '../domain/stage-jobs.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { CycleContext, CycleRef } from './cycle-context.js';
import { getEvidence } from './documents.js';
import { recipeOf } from './plan-job.js';

export interface CandidateModel {
  readonly candidate: Candidate;
  readonly candidateDigest: Digest;
  readonly training: TrainOutput;
  /** `<model>-<n>+data.<d8>.code.<d8>.config.<d8>` */
  readonly version: string;
}

/**
 * Builds what the people sign, from the evidence of a cycle. The same evidence gives the same digest.
 * @param hasCommit false: as it was built before candidates named their commit
 * @throws {RatchetError} EvidenceMissing, EvidenceCorrupt
 */
export async function candidateOf(
  store: ObjectStore,
  context: CycleContext,
  { evidence }: CycleRef,
  hasCommit = true,
): Promise<CandidateModel> {
  const digestFor = (stage: Stage): Digest => {
    const digest = evidence[stage];
    if (digest === undefined)
      throw new RatchetError(
        'EvidenceMissing',
        `cycle ${context.cycle} of ${context.model}: expected evidence of stage ${stage}, found none`,
      );
    return digest;
  };
  const refit = context.spec.spec.refit === 'afterPass';
  const trainStage = refit ? 'refit' : 'train';
  const [{ body: training }, { body: snapshot }] = await Promise.all([
    getEvidence(store, trainStage, TrainOutput, digestFor(trainStage)),
    getEvidence(store, 'snapshot', SnapshotOutput, digestFor('snapshot')),
  ]);
  const { champion, generation } = context.baseline;
  const { commit } = context.started.trigger;
  const candidate: Candidate = {
    model: context.model,
    cycle: context.cycle,
    modelDigest: training.model.digest,
    datasetDigest: snapshot.datasetDigest,
    codeDigest: context.started.codeDigest,
    configDigest: digestOf(recipeOf(context)),
    ...(commit === undefined || !hasCommit ? {} : { commit }),
    policyDigest: policyDigestOf(context.spec),
    baseline: { championDigest: champion?.model.digest ?? null, generation },
    evidence: Object.fromEntries(stagesBefore('register', { refit }).map((stage) => [stage, digestFor(stage)])),
  };
  const { datasetDigest, codeDigest, configDigest } = candidate;
  return {
    candidate,
    candidateDigest: digestOf(candidate),
    training,
    version: `${context.model}-${context.cycle}+data.${shortDigest(datasetDigest)}.code.${shortDigest(codeDigest)}.config.${shortDigest(configDigest)}`,
  };
}

/** A candidate is made of every stage before it is registered; what comes after is about it, not in it. */
function stagesBefore(end: Stage, request: { refit: boolean }): Stage[] {
  const stages = planStages(request);
  return stages.slice(0, stages.indexOf(end));
}
