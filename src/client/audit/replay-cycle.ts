import { jsonDifference } from '../../domain/decide/json-difference.js';
import { judgeCycle } from '../../domain/decide/judge-cycle.js';
import { judgeRefit } from '../../domain/decide/judge-refit.js';
import type { Digest } from '../../domain/digest.js';
import { parseDocument } from '../../domain/document.js';
import { RatchetError } from '../../domain/failure.js';
import { ModelSpec } from '../../domain/model-spec.js';
import { policyDigestOf } from '../../domain/policy.js';
import { AgreeOutput, EvaluateOutput } from '../../domain/stage-jobs.js';
import { Verdict } from '../../domain/verdict.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { readCycle, readEvidence, type PastCycle } from './past-cycle.js';

/** A place where the recomputed decision is not the recorded one. */
export interface ReplayDifference {
  /** `verdict.gates.2.face`, `judged.next`, `agreement.next` */
  readonly field: string;
  readonly recorded: unknown;
  readonly recomputed: unknown;
}

/** A decision of the past, made again from its stored evidence. */
export interface CycleReplay {
  readonly model: string;
  readonly cycle: number;
  /** The documents that it was recomputed from. */
  readonly specDigest: Digest;
  readonly evaluateDigest: Digest;
  readonly verdictDigest: Digest;
  readonly recorded: Verdict;
  readonly recomputed: Verdict;
  /** The refit's verdict; null where there was none. */
  readonly agreement: Verdict | null;
  /** Empty: the record and the rules say the same. */
  readonly differences: readonly ReplayDifference[];
}

/**
 * Recomputes the verdict of a cycle from the spec, the evaluation and the baseline that it had, and compares it with the
 * verdict that was stored and with what the ledger recorded of it. Needs nothing but the store.
 *
 * A difference means that evidence or record were changed, or that this version of Ratchet judges otherwise.
 * @throws {RatchetError} CycleUnknown. EvidenceMissing: the cycle was never judged, or a document is gone. EvidenceCorrupt.
 */
export async function replayCycle(store: ObjectStore, model: string, cycle: number): Promise<CycleReplay> {
  const past = await readCycle(store, model, cycle);
  const { judged, started, baseline } = past;
  if (judged === null) throw notJudged(model, past);
  const { evidence, body: recorded } = await readEvidence(store, 'judge', Verdict, judged.verdictDigest);
  const evaluateDigest = evidence.from.evaluate;
  if (evaluateDigest === undefined) {
    throw new RatchetError('EvidenceCorrupt', `judge evidence ${judged.verdictDigest}: expected from.evaluate, found nothing`);
  }
  const spec = parseDocument(ModelSpec, 'spec', started.specDigest, await store.getByDigest(started.specDigest));
  const { body: evaluation } = await readEvidence(store, 'evaluate', EvaluateOutput, evaluateDigest);
  const recomputed = judgeCycle({ spec, policyDigest: policyDigestOf(spec), baseline, evaluation });
  const agreement = await judgeAgreement(store, past, spec);
  const compared = recorded.comparison !== null;
  return {
    model,
    cycle,
    specDigest: started.specDigest,
    evaluateDigest,
    verdictDigest: judged.verdictDigest,
    recorded,
    recomputed,
    agreement,
    differences: [
      ...differ('verdict', recorded, recomputed),
      ...differ(
        'judged',
        { face: judged.face, next: judged.next, compared: judged.compared },
        { face: recorded.face, next: recorded.next, compared },
      ),
      ...differOutcome(past, recomputed, agreement),
    ],
  };
}

async function judgeAgreement(store: ObjectStore, { ended }: PastCycle, spec: ModelSpec): Promise<Verdict | null> {
  const digest = ended?.evidence.agree;
  if (digest === undefined) return null;
  const { body } = await readEvidence(store, 'agree', AgreeOutput, digest);
  return judgeRefit({ gates: spec.spec.gates, policyDigest: policyDigestOf(spec), agreement: body });
}

/** A promotion needs every verdict to let it through; a refit that was refused needs one that refuses it. */
function differOutcome({ promoted, ended }: PastCycle, verdict: Verdict, agreement: Verdict | null): ReplayDifference[] {
  if (promoted === null) {
    const isRefused = ended?.stage === 'agree' && ended.outcome !== 'failed' && ended.outcome !== 'aborted';
    if (!isRefused || agreement === null) return [];
    if (agreement.next === 'proceed') return [{ field: 'agreement.next', recorded: 'stop', recomputed: 'proceed' }];
    const outcome = agreement.face === 'fail' ? 'rejected' : 'inconclusive';
    return outcome === ended.outcome ? [] : [{ field: 'outcome', recorded: ended.outcome, recomputed: outcome }];
  }
  return [
    ...(verdict.next === 'stop' ? [{ field: 'promoted', recorded: true, recomputed: false }] : []),
    ...(agreement?.next === 'stop' ? [{ field: 'agreement.next', recorded: 'proceed', recomputed: 'stop' }] : []),
  ];
}

function differ(field: string, recorded: unknown, recomputed: unknown): ReplayDifference[] {
  const difference = jsonDifference(recorded, recomputed);
  if (difference === null) return [];
  return [
    { field: difference.path === '' ? field : `${field}.${difference.path}`, recorded: difference.left, recomputed: difference.right },
  ];
}

function notJudged(model: string, { cycle, ended }: PastCycle): RatchetError {
  const how =
    ended === null
      ? 'it is still open'
      : `it ended ${ended.outcome}${ended.stage === null ? '' : ` in stage ${ended.stage}`}: ${ended.reason}`;
  return new RatchetError('EvidenceMissing', `cycle ${cycle} of ${model}: expected a verdict to replay, found none: ${how}`);
}
