import { ModelVersion } from '../domain/candidate.js';
import { recountVotes } from '../domain/decide/count-approvals.js';
import { judgeRefit } from '../domain/decide/judge-refit.js';
import type { Digest } from '../domain/digest.js';
import type { Stage } from '../domain/evidence.js';
import { RatchetError } from '../domain/failure.js';
import { policyDigestOf } from '../domain/policy.js';
import { AgreeOutput } from '../domain/stage-jobs.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { CycleContext, CycleRef } from './cycle-context.js';
import { getEvidence } from './documents.js';
import type { Ledger } from './ledger.js';

/**
 * The last look at what a promotion stands on, beside the ledger's own rules: the recorded verdict is the one that the
 * candidate holds, a refit agrees with its judged sibling, the recorded votes are enough by the cycle's own spec, and the
 * model and all evidence lie in the store, unchanged.
 *
 * @returns the version that was registered for this candidate
 * @throws {RatchetError} LedgerConflict: says what was expected and what was found. EvidenceMissing, EvidenceCorrupt.
 */
export async function checkPromotion(
  { store, ledger }: { store: ObjectStore; ledger: Ledger },
  { spec, ...context }: CycleContext,
  { evidence, candidateDigest }: CycleRef & { readonly candidateDigest: Digest },
): Promise<ModelVersion> {
  const { model, cycle } = context;
  const bodies = (await ledger.readRecords(model, { from: cycle })).map(({ body }) => body);
  const judged = bodies.find((body) => body.kind === 'judged' && body.cycle === cycle);
  const approved = bodies.find((body) => body.kind === 'approved' && body.cycle === cycle);
  if (judged?.kind !== 'judged' || judged.verdictDigest !== evidence.judge) {
    throw refused(`the recorded verdict ${evidence.judge ?? ''}`, judged?.kind === 'judged' ? judged.verdictDigest : 'none');
  }
  if (approved?.kind === 'approved') {
    const outcome = recountVotes(spec.spec.approval, approved.votes);
    if (outcome !== approved.outcome) throw refused(`votes that come to ${approved.outcome}`, outcome ?? 'too few');
  }
  if (spec.spec.refit === 'afterPass') {
    const { body: agreement } = await getEvidence(store, 'agree', AgreeOutput, digestFor('agree'));
    const verdict = judgeRefit({ gates: spec.spec.gates, policyDigest: policyDigestOf(spec), agreement });
    if (verdict.next !== 'proceed') throw refused('a refit that agrees with its judged sibling', verdict.face);
  }
  const { body: version } = await getEvidence(store, 'register', ModelVersion, digestFor('register'));
  if (version.candidateDigest !== candidateDigest) throw refused(`a version of candidate ${candidateDigest}`, version.candidateDigest);
  // Read, not asked for: a model whose bytes are no longer those of its digest must not become champion.
  const digests = [version.model.digest, version.datasetDigest, candidateDigest, ...Object.values(evidence)];
  await Promise.all(digests.map((digest) => store.getByDigest(digest)));
  return version;

  function digestFor(stage: Stage): Digest {
    const digest = evidence[stage];
    if (digest !== undefined) return digest;
    throw new RatchetError('EvidenceMissing', `cycle ${cycle} of ${model}: expected evidence of stage ${stage}, found none`);
  }

  function refused(expected: string, found: string): RatchetError {
    return new RatchetError('LedgerConflict', `cycle ${cycle} of ${model}: expected ${expected}, found ${found}`);
  }
}
