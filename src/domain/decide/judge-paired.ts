import type { QualityMetric } from '../evaluation-spec.js';
import type { GatesSpec, PairedGate } from '../gate.js';
import type { EvaluateOutput, PairedDifference } from '../stage-jobs.js';
import type { GateResult } from '../verdict.js';
import { changeWords, gateResult, goodDirection, metricWords, numberWords, percentWords, type Ruling } from './gate-ruling.js';
import { confidenceLimits, estimatePaired } from './paired-estimate.js';

/** What a paired gate compares the challenger with. */
export type Opponent = 'champion' | 'anchor';

type Differences = Partial<Record<QualityMetric, PairedDifference>>;

const DAY_MS = 86_400_000;
const OPPONENT_WORDS: Record<Opponent, string> = { champion: 'the champion', anchor: 'the frozen anchor' };

/**
 * Why challenger and opponent cannot be compared on these rows; null: they can. Rows that either of them has been trained
 * on say nothing, whatever the evaluation claims.
 */
export function whyNotComparable(opponent: Opponent, evaluation: EvaluateOutput): string | null {
  const arm = evaluation.arms[opponent];
  const who = OPPONENT_WORDS[opponent];
  if (arm === null) return `${who} was not scored on the evaluation's rows`;
  const lateMs = Date.parse(arm.trainEnd ?? '') - Date.parse(evaluation.holdout.start);
  if (!(lateMs <= 0)) {
    const remedy = Number.isNaN(lateMs) ? '' : `; a data window that ends ${Math.ceil(lateMs / DAY_MS)} days later can be judged`;
    return `${who} was trained up to ${arm.trainEnd ?? 'an unknown time'}: the evaluation's rows begin at ${evaluation.holdout.start} and are not all later${remedy}`;
  }
  return evaluation.differences[opponent] === null ? `the evaluation has no differences to ${who}` : null;
}

/**
 * Holds the challenger against one opponent: every gate at the full `alpha`, all must be proven (intersection–union), so
 * no correction for their number is needed. One-sided limits; both sides are shown, as the other one tells "proven
 * otherwise" (fail) from "not proven" (inconclusive).
 */
export function judgePaired(opponent: Opponent, gates: GatesSpec, evaluation: EvaluateOutput, alpha: number): Ruling {
  const list = opponent === 'champion' ? gates.againstChampion : gates.againstAnchor;
  const field = opponent === 'champion' ? 'againstChampion' : 'againstAnchor';
  const obstacle = whyNotComparable(opponent, evaluation);
  const results = list.map((gate, index) =>
    obstacle === null
      ? judgeOne(`gates.${field}[${index}]`, gate, opponent, evaluation.differences[opponent] ?? {}, alpha)
      : gateResult(`gates.${field}[${index}]`, 'no-baseline', obstacle),
  );
  return { results, notes: [], personNeeded: [] };
}

function judgeOne(name: string, gate: PairedGate, opponent: Opponent, differences: Differences, alpha: number): GateResult {
  const who = OPPONENT_WORDS[opponent];
  const metric = metricWords(gate.metric);
  const good = goodDirection(gate.metric);
  // The least improvement that must be excluded from below, in the direction that is good for the metric.
  const bound = gate.test === 'superiority' ? gate.margin : -gate.margin;
  const estimate = estimatePaired(differences[gate.metric]);
  if (!estimate.known) {
    return gateResult(name, estimate.face, `${metric} against ${who}: ${estimate.reason}`, { threshold: good * bound });
  }
  const { lower, upper } = confidenceLimits(estimate, alpha);
  const [worst, best] = good === 1 ? [lower, upper] : [-upper, -lower];
  const face = worst > bound ? 'pass' : best < bound ? 'fail' : 'inconclusive';
  const seen = `${metric} ${changeWords(estimate.delta)} [${changeWords(lower)}, ${changeWords(upper)}] at α ${percentWords(alpha)} a side`;
  const reason = `${claim(gate, face, who)}: ${seen}`;
  return gateResult(name, face, reason, { observed: estimate.delta, threshold: good * bound, interval: { lower, upper, alpha } });
}

function claim({ test, margin }: PairedGate, face: 'pass' | 'fail' | 'inconclusive', who: string): string {
  const by = margin > 0 ? ` by more than ${numberWords(margin)}` : '';
  if (test === 'superiority') {
    if (face === 'pass') return `proven better than ${who}${by}`;
    if (face === 'inconclusive') return `not proven better than ${who}${by}`;
    return margin > 0 ? `proven not better than ${who}${by}` : `proven worse than ${who}`;
  }
  if (face === 'pass') return `proven not worse than ${who}${by}`;
  return face === 'fail' ? `proven worse than ${who}${by}` : `may be worse than ${who}${by}`;
}

/** Better than the champion by more than is believable (a leak, a broken holdout) needs a person, not a promotion. */
export function judgeImprovement(gates: GatesSpec, evaluation: EvaluateOutput): Ruling {
  const obstacle = whyNotComparable('champion', evaluation);
  const rulings = gates.maxImprovement.map(({ metric, delta: limit }, index) => {
    const name = `gates.maxImprovement[${index}]`;
    if (obstacle !== null) return { result: gateResult(name, 'no-baseline', obstacle), tooGood: false };
    const delta = evaluation.differences.champion?.[metric]?.delta ?? NaN;
    if (!Number.isFinite(delta)) {
      return {
        result: gateResult(name, 'no-data', `${metricWords(metric)} against the champion: the difference was not measured`),
        tooGood: false,
      };
    }
    const threshold = goodDirection(metric) * limit;
    const tooGood = goodDirection(metric) * delta > limit;
    const seen = `${metricWords(metric)} ${changeWords(delta)} against the champion`;
    const reason = tooGood
      ? `too good to be true: ${seen}, more than ${changeWords(threshold)} is not believed: look for a leak`
      : `${seen}; up to ${changeWords(threshold)} is believed`;
    return { result: gateResult(name, 'pass', reason, { observed: delta, threshold }), tooGood };
  });
  return {
    results: rulings.map(({ result }) => result),
    notes: [],
    personNeeded: rulings.filter(({ tooGood }) => tooGood).map(({ result }) => ({ gate: result.gate, reason: result.reason })),
  };
}
