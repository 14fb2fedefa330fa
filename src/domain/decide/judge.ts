import type { ApprovalSpec } from '../approval.js';
import type { GatesSpec } from '../gate.js';
import type { ModelSpec } from '../model-spec.js';
import type { EvaluateOutput } from '../stage-jobs.js';
import type { Face, Verdict } from '../verdict.js';
import { alphaOfComparison } from './alpha-budget.js';
import { gateResult, mergeRulings, only, sentencesAgainst, worstFace, type PersonNeeded, type Ruling } from './gate-ruling.js';
import { judgeAbsolute } from './judge-absolute.js';
import { judgeHoldout, judgeLabelCoverage, judgeProbes } from './judge-evidence.js';
import { judgeImprovement, judgePaired, whyNotComparable } from './judge-paired.js';
import { judgeSlices } from './judge-slices.js';

export interface JudgeInput {
  readonly gates: GatesSpec;
  readonly approval: Pick<ApprovalSpec, 'requiredFor'>;
  readonly tier: ModelSpec['metadata']['tier'];
  readonly policyDigest: string;
  /** null: there is none, so nothing is known. */
  readonly evaluation: EvaluateOutput | null;
  /** What the ledger says, whatever the evaluation holds. */
  readonly championExists: boolean;
  readonly anchorExists: boolean;
  /** Which comparison since the last promotion this is: the ledger's `comparisons` + 1. */
  readonly comparisonIndex: number;
}

/**
 * The judgement: a pure function of policy and evidence, so that any decision of the past can be recomputed.
 *
 * `pass` needs every gate to pass, and a gate passes only by a comparison that holds: what is missing or no number never
 * does. Gates against the champion and the anchor are proven at α_k = α/(k(k+1)); the anchor shares α_k, as looking often
 * finds luck there too. Only `pass`, and a missing baseline that the policy allows a person to waive, reach a person.
 */
export function judge(input: JudgeInput): Verdict {
  const { gates, evaluation, policyDigest } = input;
  const compared = input.championExists && evaluation !== null && whyNotComparable('champion', evaluation) === null;
  const alpha = alphaOfComparison(gates.alpha, input.comparisonIndex);
  const { results, notes, personNeeded } = mergeRulings([judgePolicy(gates), ...judgeEvaluation(input, alpha), askAlways(input)]);
  const face = worstFace(results);
  const next = nextAction(face, results, personNeeded);
  return {
    face,
    next,
    reasons: next === 'stop' ? sentencesAgainst(results) : personNeeded.map(({ reason }) => reason),
    gates: [...results],
    notes: [...notes],
    comparison: compared && Number.isFinite(alpha) ? { index: input.comparisonIndex, alpha } : null,
    provenSuperior: provenSuperior(input, results),
    policyDigest,
  };
}

function judgeEvaluation(input: JudgeInput, alpha: number): Ruling[] {
  const { gates, evaluation } = input;
  if (evaluation === null) return [only(gateResult('evaluation', 'no-data', 'there is no evaluation to judge'))];
  return [
    judgeHoldout(evaluation),
    judgeAbsolute(gates, evaluation),
    ...(input.championExists
      ? [judgePaired('champion', gates, evaluation, alpha), judgeImprovement(gates, evaluation), judgeSlices(gates, evaluation)]
      : [judgeFirst(gates)]),
    judgeAnchor(input, evaluation, alpha),
    judgeLabelCoverage(gates, evaluation),
    judgeProbes(gates.probes, evaluation.probes),
  ];
}

/** A policy without a single threshold lets everything through: it is refused by `lint`, and again here. Slices only veto. */
function judgePolicy(gates: GatesSpec): Ruling {
  const thresholds = gates.absolute.length + gates.againstChampion.length + gates.againstAnchor.length;
  return thresholds > 0 ? nothing : only(gateResult('gates', 'inconclusive', 'the policy has no threshold, so nothing can be proven'));
}

/** The first model has nobody to beat. */
function judgeFirst(gates: GatesSpec): Ruling {
  const gate = 'gates.whenNoChampion';
  switch (gates.whenNoChampion) {
    case 'pass':
      return gates.absolute.length > 0
        ? only(gateResult(gate, 'pass', 'there is no champion yet, and the policy lets the first model pass'))
        : only(gateResult(gate, 'inconclusive', 'there is no champion yet, and no absolute gate holds the first model to anything'));
    case 'requireApproval': {
      const reason = 'there is no champion to compare with: a person must say whether this model may be the first';
      return { results: [gateResult(gate, 'no-baseline', reason)], notes: [], personNeeded: [{ gate, reason }] };
    }
    default:
      return only(gateResult(gate, 'fail', 'there is no champion to compare with, and the policy (whenNoChampion: fail) then stops'));
  }
}

/** A champion without an anchor (it was never proven superior nor signed): a signature makes the challenger the anchor. */
function judgeAnchor(input: JudgeInput, evaluation: EvaluateOutput, alpha: number): Ruling {
  if (input.anchorExists) return judgePaired('anchor', input.gates, evaluation, alpha);
  if (input.gates.againstAnchor.length === 0 || !input.championExists) return nothing;
  const gate = 'gates.againstAnchor';
  const reason = 'there is no frozen anchor to compare with: a person must sign one';
  return { results: [gateResult(gate, 'no-baseline', reason)], notes: [], personNeeded: [{ gate, reason }] };
}

function askAlways({ approval, tier }: JudgeInput): Ruling {
  const personNeeded: PersonNeeded[] = [];
  if (tier === 'high') personNeeded.push({ gate: 'metadata.tier', reason: 'the model’s tier is high: a person signs every promotion' });
  if (approval.requiredFor === 'always') {
    personNeeded.push({ gate: 'approval.requiredFor', reason: 'the policy asks for a person before every promotion' });
  }
  return { results: [], notes: [], personNeeded };
}

function nextAction(face: Face, results: Ruling['results'], personNeeded: readonly PersonNeeded[]): Verdict['next'] {
  if (face === 'pass') return personNeeded.length > 0 ? 'askPerson' : 'proceed';
  const waivable = (gate: string) => personNeeded.some((need) => need.gate === gate);
  const missing = results.filter((result) => result.face === 'no-baseline');
  return face === 'no-baseline' && missing.every((result) => waivable(result.gate)) ? 'askPerson' : 'stop';
}

function provenSuperior({ gates, championExists }: JudgeInput, results: Ruling['results']): boolean {
  const asked = gates.againstChampion.flatMap((gate, index) => (gate.test === 'superiority' ? [`gates.againstChampion[${index}]`] : []));
  return (
    championExists && asked.length > 0 && asked.every((gate) => results.some((result) => result.gate === gate && result.face === 'pass'))
  );
}

const nothing: Ruling = { results: [], notes: [], personNeeded: [] };
