import type { GatesSpec } from '../gate.js';
import type { AgreeOutput } from '../stage-jobs.js';
import type { Verdict } from '../verdict.js';
import { gateResult, mergeRulings, numberWords, only, sentencesAgainst, worstFace, type Ruling } from './gate-ruling.js';
import { judgeProbes } from './judge-evidence.js';

export interface JudgeRefitInput {
  readonly gates: GatesSpec;
  readonly policyDigest: string;
  /** null: the refit was not held against its sibling, so nothing is known. */
  readonly agreement: AgreeOutput | null;
}

/**
 * Judges a refit: the passed recipe trained on all data has no holdout left, so it is held against its judged sibling on
 * the sibling's holdout (rank correlation) and probed. `next` is never `askPerson`: the sibling's verdict says that.
 */
export function judgeRefit({ gates, policyDigest, agreement }: JudgeRefitInput): Verdict {
  const { results, notes } =
    agreement === null
      ? { results: [gateResult('refit', 'no-data', 'the refit was not held against its judged sibling')], notes: [] }
      : mergeRulings([judgeAgreement(gates, agreement), judgeProbes(gates.probes, agreement.probes)]);
  const face = worstFace(results);
  return {
    face,
    next: face === 'pass' ? 'proceed' : 'stop',
    reasons: sentencesAgainst(results),
    gates: [...results],
    notes: [...notes],
    comparison: null,
    provenSuperior: false,
    policyDigest,
  };
}

function judgeAgreement(gates: GatesSpec, { rows, rankCorrelation }: AgreeOutput): Ruling {
  const gate = 'gates.refitAgreementMin';
  const threshold = gates.refitAgreementMin;
  if (!(rows > 0) || !Number.isFinite(rankCorrelation)) {
    return only(gateResult(gate, 'no-data', 'the agreement of the refit with its sibling could not be measured', { threshold }));
  }
  const measured = { observed: rankCorrelation, threshold };
  const seen = `the refit ranks ${rows} rows like its judged sibling with a correlation of ${numberWords(rankCorrelation)}`;
  if (!(rankCorrelation >= threshold)) {
    return only(
      gateResult(gate, 'fail', `${seen}; at least ${numberWords(threshold)} is asked: more data made another model of it`, measured),
    );
  }
  return only(gateResult(gate, 'pass', `${seen}; at least ${numberWords(threshold)} is asked`, measured));
}
