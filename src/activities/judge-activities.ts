import { judgeRefit } from '../domain/decide/judge-refit.js';
import { judgeCycle as judgeBySpec } from '../domain/decide/judge-cycle.js';
import { digestOf, type Digest } from '../domain/digest.js';
import type { Evidence, StageResult } from '../domain/evidence.js';
import { RatchetError } from '../domain/failure.js';
import { policyDigestOf } from '../domain/policy.js';
import { AgreeOutput, EvaluateOutput } from '../domain/stage-jobs.js';
import type { Verdict } from '../domain/verdict.js';
import type { ObjectStore } from '../ports/object-store.js';
import { loadCycle, type CycleRef } from './cycle-context.js';
import { getEvidence, putDocument } from './documents.js';
import type { Ledger } from './ledger.js';

/** A verdict as the workflow sees it: what to do, and where the whole document lies. */
export interface Judged extends StageResult {
  readonly face: Verdict['face'];
  readonly next: Verdict['next'];
  readonly reasons: readonly string[];
  /** A comparison with a champion took place: it spends the budget. */
  readonly compared: boolean;
  readonly provenSuperior: boolean;
}

export function createJudgeActivities({ store, ledger }: { store: ObjectStore; ledger: Ledger }) {
  return { judgeCycle, judgeAgreement };

  /**
   * Judges the evaluation by the spec, the champion and the budget that the cycle started with, so that judging again
   * (a retry, a reset, a replay in a year) gives the same document.
   */
  async function judgeCycle(ref: CycleRef): Promise<Judged> {
    const { baseline, spec, ...context } = await loadCycle({ ledger, store }, ref.model, ref.cycle);
    const evaluateDigest = need(ref, 'evaluate');
    const evaluation = await getEvidence(store, 'evaluate', EvaluateOutput, evaluateDigest);
    const policyDigest = policyDigestOf(spec);
    const verdict = judgeBySpec({ spec, policyDigest, baseline, evaluation: evaluation.body });
    const inputDigest = digestOf({ policyDigest, evaluate: evaluateDigest, comparisons: baseline.comparisons });
    const evidence: Evidence = {
      kind: 'evidence',
      stage: 'judge',
      model: ref.model,
      cycle: context.cycle,
      inputDigest,
      from: { evaluate: evaluateDigest, spec: context.started.specDigest },
      job: null,
      body: verdict,
    };
    return judged('judge', await putDocument(store, evidence), verdict);
  }

  /** Judges a refit by its agreement with the judged sibling; the agreement's evidence itself stays as the stage's document. */
  async function judgeAgreement(ref: CycleRef): Promise<Judged> {
    const { spec } = await loadCycle({ ledger, store }, ref.model, ref.cycle);
    const agreeDigest = need(ref, 'agree');
    const agreement = await getEvidence(store, 'agree', AgreeOutput, agreeDigest);
    return judged(
      'agree',
      agreeDigest,
      judgeRefit({ gates: spec.spec.gates, policyDigest: policyDigestOf(spec), agreement: agreement.body }),
    );
  }

  function need({ evidence, model, cycle }: CycleRef, stage: 'evaluate' | 'agree'): Digest {
    const digest = evidence[stage];
    if (digest === undefined)
      throw new RatchetError('EvidenceMissing', `cycle ${cycle} of ${model}: expected evidence of stage ${stage}, found none`);
    return digest;
  }
}

/** A reason is a sentence; a workflow's history is no place for a page of them. */
const REASONS_MAX = 12;

function judged(stage: 'judge' | 'agree', evidenceDigest: Digest, verdict: Verdict): Judged {
  const passed = verdict.gates.filter((gate) => gate.face === 'pass').length;
  return {
    stage,
    evidenceDigest,
    summary: `${verdict.face}: ${passed} of ${verdict.gates.length} gates passed`,
    cited: false,
    face: verdict.face,
    next: verdict.next,
    reasons: verdict.reasons.slice(0, REASONS_MAX),
    compared: verdict.comparison !== null,
    provenSuperior: verdict.provenSuperior,
  };
}
