import type { Candidate } from '../domain/candidate.js';
import { digestOf, shortDigest, type Digest } from '../domain/digest.js';
import type { Stage } from '../domain/evidence.js';
import { RatchetError } from '../domain/failure.js';
import { policyDigestOf } from '../domain/policy.js';
import { SnapshotOutput, TrainOutput } from '../domain/stage-jobs.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { CycleContext, CycleRef } from './cycle-context.js';
import { getEvidence } from './documents.js';

/** The stages whose evidence a candidate is made of; what comes after is about it, not in it. */
const CANDIDATE_STAGES: readonly Stage[] = ['snapshot', 'validate', 'train', 'evaluate', 'judge', 'refit', 'agree'];

export interface CandidateModel {
  readonly candidate: Candidate;
  readonly candidateDigest: Digest;
  readonly training: TrainOutput;
  /** `<model>-<n>+data.<d8>.code.<d8>.config.<d8>` */
  readonly version: string;
}

/** Builds what the people sign, from the evidence of a cycle. The same evidence gives the same digest. @throws {RatchetError} EvidenceMissing, EvidenceCorrupt */
export async function candidateOf(store: ObjectStore, context: CycleContext, { evidence }: CycleRef): Promise<CandidateModel> {
  const digestFor = (stage: Stage): Digest => {
    const digest = evidence[stage];
    if (digest === undefined)
      throw new RatchetError(
        'EvidenceMissing',
        `cycle ${context.cycle} of ${context.model}: expected evidence of stage ${stage}, found none`,
      );
    return digest;
  };
  const trainStage = context.spec.spec.refit === 'afterPass' ? 'refit' : 'train';
  const training = (await getEvidence(store, trainStage, TrainOutput, digestFor(trainStage))).body;
  const snapshot = (await getEvidence(store, 'snapshot', SnapshotOutput, digestFor('snapshot'))).body;
  const { champion, generation } = context.baseline;
  const { trainer } = context.spec.spec;
  const candidate: Candidate = {
    model: context.model,
    cycle: context.cycle,
    modelDigest: training.model.digest,
    datasetDigest: snapshot.datasetDigest,
    codeDigest: context.started.codeDigest,
    configDigest: digestOf({ command: trainer.command, config: trainer.config, seed: trainer.seed, environment: trainer.environment }),
    policyDigest: policyDigestOf(context.spec),
    baseline: { championDigest: champion?.model.digest ?? null, generation },
    evidence: Object.fromEntries(
      CANDIDATE_STAGES.filter((stage) => evidence[stage] !== undefined).map((stage) => [stage, digestFor(stage)]),
    ),
  };
  const { datasetDigest, codeDigest, configDigest } = candidate;
  return {
    candidate,
    candidateDigest: digestOf(candidate),
    training,
    version: `${context.model}-${context.cycle}+data.${shortDigest(datasetDigest)}.code.${shortDigest(codeDigest)}.config.${shortDigest(configDigest)}`,
  };
}
