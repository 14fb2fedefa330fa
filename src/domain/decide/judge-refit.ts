import type { GatesSpec } from '../gate.js';
import type { AgreeOutput } from '../stage-jobs.js';
import type { Verdict } from '../verdict.js';
import {
  changeWords,
  gateResult,
  goodDirection,
  mergeRulings,
  metricWords,
  numberWords,
  only,
  percentWords,
  sentencesAgainst,
  worstFace,
  type Ruling,
} from './gate-ruling.js';
import { judgeProbes } from './judge-evidence.js';
import { confidenceLimits, estimatePaired } from './paired-estimate.js';

export interface JudgeRefitInput {
  readonly gates: GatesSpec;
  readonly policyDigest: string;
  /** null: the refit was not held against its sibling, so nothing is known. */
  readonly agreement: AgreeOutput | null;
}

/**
 * Judges a refit: the passed recipe trained on all data has no holdout left, so it is held against its judged sibling on the
 * sibling's holdout, and probed. `next` is never `askPerson`: the sibling's verdict says that.
 *
 * It has been trained on those rows and its sibling has not. Proven to explain them worse, it has learnt something else than
 * they say. Otherwise it passes where it ranks them like its sibling, or is proven to explain them better: a new season makes
 * another model of an honest recipe. Rank correlation alone tells little: on the flights of 2013 it stopped 8 of 36 honest refits,
 * down to 0.58, and let 20 of 36 on shuffled labels through (`npm run bench -- refit`).
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

function judgeAgreement(gates: GatesSpec, agreement: AgreeOutput): Ruling {
  const gate = 'gates.refitAgreementMin';
  const { rows, rankCorrelation } = agreement;
  const threshold = gates.refitAgreementMin;
  if (!(rows > 0) || !Number.isFinite(rankCorrelation)) {
    return only(gateResult(gate, 'no-data', 'the agreement of the refit with its sibling could not be measured', { threshold }));
  }
  const measured = { observed: rankCorrelation, threshold };
  const asked = `at least ${numberWords(threshold)} is asked`;
  const seen = `the refit ranks ${rows} rows like its judged sibling with a correlation of ${numberWords(rankCorrelation)}`;
  const change = changeOnHoldout(gates, agreement);
  if (change?.face === 'no-data') return only(gateResult(gate, 'no-data', change.words, measured));
  if (change?.face === 'fail') return only(gateResult(gate, 'fail', `${change.words}: more data made a worse model of it`, measured));
  if (rankCorrelation >= threshold) return only(gateResult(gate, 'pass', `${seen}; ${asked}`, measured));
  if (change?.face === 'pass')
    return only(gateResult(gate, 'pass', `${seen}, where ${numberWords(threshold)} is asked, but ${change.words}`, measured));
  const unproven = change === null ? '' : `, and ${change.words}`;
  return only(gateResult(gate, 'fail', `${seen}; ${asked}${unproven}: more data made another model of it`, measured));
}

interface HoldoutChange {
  /** pass, fail: proven to explain the holdout's rows better, worse than the sibling. */
  readonly face: 'pass' | 'fail' | 'inconclusive' | 'no-data';
  readonly words: string;
}

/** By the first of log-loss, Brier score and AUC that is measured. null: evidence from before it was measured. */
function changeOnHoldout(gates: GatesSpec, { differences }: AgreeOutput): HoldoutChange | null {
  if (differences === undefined) return null;
  const metric = (['logLoss', 'brier', 'auc'] as const).find((name) => differences[name] !== undefined);
  const estimate = estimatePaired(metric && differences[metric]);
  if (metric === undefined || !estimate.known)
    return {
      face: estimate.known ? 'no-data' : estimate.face,
      words: `whether it explains the holdout's rows better than its sibling is unknown: ${estimate.known ? 'nothing was measured' : estimate.reason}`,
    };
  const { lower, upper } = confidenceLimits(estimate, gates.alpha);
  const [worst, best] = goodDirection(metric) === 1 ? [lower, upper] : [-upper, -lower];
  const face = worst > 0 ? 'pass' : best < 0 ? 'fail' : 'inconclusive';
  const claim = { pass: 'is proven to explain', fail: 'is proven not to explain', inconclusive: 'is not proven to explain' }[face];
  const seen = `${metricWords(metric)} ${changeWords(estimate.delta)} [${changeWords(lower)}, ${changeWords(upper)}] at α ${percentWords(gates.alpha)} a side`;
  return {
    face,
    words: `the refit ${claim} the holdout's rows, which it has been trained on, better than its sibling, which has not (${seen})`,
  };
}
