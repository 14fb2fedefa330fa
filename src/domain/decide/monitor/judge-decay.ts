import type { Finding } from '../../finding.js';
import type { CohortResult, MonitorOutput } from '../../monitor-jobs.js';
import { confidenceLimits, estimatePaired } from '../paired-estimate.js';
import { count, figure } from './in-words.js';
import type { MonitoringPolicy } from '../../monitoring.js';
import { coverageFault, incomparableDays } from './judge-service.js';

type Reference = keyof CohortResult['differences'];

const IN_WORDS: Record<Reference, string> = {
  fresh: 'a cheap model trained on what is known by now',
  anchor: 'the frozen anchor',
  baseRate: 'the base rate',
};

/** How much worse than a reference the champion is: positive is worse, whatever the metric. */
interface Comparison {
  readonly reference: Reference;
  readonly worse: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * Whether the champion has grown old: proven worse, by more than the margin, than a reference on the same mature rows.
 * `ok` is proven too: no worse than a fresh refit by more than the margin. What lies between is `inconclusive`.
 */
export function judgeDecay(policy: MonitoringPolicy, output: MonitorOutput): Finding {
  const { decay, thresholds } = policy.settings;
  const base = { kind: 'decay', observed: null, threshold: decay.margin } as const;
  const unknown = (why: string): Finding => ({ ...base, state: 'inconclusive', sentence: `Decay is unknown: ${why}.` });
  const refusal = selectiveLabels(policy) ?? ownDecisions(policy, output);
  if (refusal !== null) return unknown(refusal);
  const { cohort } = output;
  if (cohort === null || cohort.labelledRows < thresholds.rowsMin) return tooFew(policy, output);
  const fault = coverageFault(policy, output);
  if (fault !== null) return unknown(fault);
  const incomparable = incomparableDays(policy, output);
  if (incomparable !== null) return { ...base, state: 'provisional', sentence: `Decay is not decided: ${incomparable}.` };
  const { found, why } = compare(cohort, policy);
  const proven = found.filter(({ lower }) => lower > decay.margin).sort((a, b) => b.worse - a.worse)[0];
  if (proven !== undefined)
    return {
      ...base,
      state: 'found',
      sentence: sentenceOf(proven, cohort, policy, 'is worse than') + unweighted(output),
      observed: proven.worse,
    };
  const fresh = found.find(({ reference }) => reference === 'fresh');
  if (fresh === undefined) return unknown(why ?? `there were ${count(cohort.learntRows)} rows to train a fresh reference on`);
  const words = fresh.upper <= decay.margin ? 'is as good as' : 'cannot be told from';
  return {
    ...base,
    state: fresh.upper <= decay.margin ? 'ok' : 'inconclusive',
    sentence: sentenceOf(fresh, cohort, policy, words) + unweighted(output),
    observed: fresh.worse,
  };
}

/** References share α, so that looking at more of them finds no more by luck. */
function compare(cohort: CohortResult, { settings: { decay } }: MonitoringPolicy): { found: Comparison[]; why: string | null } {
  const sign = decay.metric === 'auc' ? -1 : 1;
  const found: Comparison[] = [];
  let why: string | null = null;
  for (const reference of ['fresh', 'anchor', 'baseRate'] as const) {
    const differences = cohort.differences[reference];
    if (differences === null) continue;
    const estimate = estimatePaired(differences[decay.metric]);
    if (!estimate.known) {
      why ??= estimate.reason;
      continue;
    }
    const { lower, upper } = confidenceLimits(estimate, decay.alpha / 3);
    found.push({
      reference,
      worse: sign * estimate.delta,
      lower: sign === 1 ? lower : -upper,
      upper: sign === 1 ? upper : -lower,
    });
  }
  return { found, why };
}

function sentenceOf(
  { reference, worse, lower, upper }: Comparison,
  cohort: CohortResult,
  { settings: { decay } }: MonitoringPolicy,
  words: string,
): string {
  const limits = `${figure(worse)} [${figure(lower)}, ${figure(upper)}]`;
  const days = `${cohort.window.start.slice(0, 10)} to ${cohort.window.end.slice(0, 10)}`;
  return `On ${count(cohort.labelledRows)} mature rows (${days}) the champion ${words} ${IN_WORDS[reference]}: ${decay.metric} worse by ${limits}, margin ${decay.margin}.`;
}

/** Where our own output decides which labels exist, they say little about the others. */
export function selectiveLabels({ label }: MonitoringPolicy): string | null {
  if (label.policy === 'independent' || label.acceptSelectiveLabels !== undefined) return null;
  return 'labels exist only where our own output decided so (label.policy: ownDecision), and acceptSelectiveLabels gives no reason why they are good enough';
}

/** Labels say themselves that our own output decided that they exist. */
export function ownDecisions({ label }: MonitoringPolicy, { labels }: MonitorOutput): string | null {
  if (labels === null || labels.ownDecision === 0 || label.acceptSelectiveLabels !== undefined) return null;
  return `${count(labels.ownDecision)} labels exist only because our own output decided so, and acceptSelectiveLabels gives no reason why the others are good enough${labels.propensities > 0 ? '; they are not weighted by their propensities' : ''}`;
}

/** Accepted by the spec, and said all the same. */
function unweighted({ labels }: MonitorOutput): string {
  if (labels === null || labels.ownDecision === 0) return '';
  return ` ${count(labels.ownDecision)} of the labels exist because our own output decided so; each counts once, whatever its propensity.`;
}

/** Too few mature labels: what early ones say is told, and decides nothing. */
function tooFew({ settings: { decay, thresholds }, label }: MonitoringPolicy, { cohort, early }: MonitorOutput): Finding {
  const mature = cohort?.labelledRows ?? 0;
  const needed = `${count(mature)} mature predictions have a label, at least ${thresholds.rowsMin} are needed`;
  const base = { kind: 'decay', observed: null, threshold: decay.margin } as const;
  const value = early?.metrics[decay.metric];
  if (early === null || early.labelledRows === 0 || value == null)
    return { ...base, state: 'inconclusive', sentence: `Decay is unknown: ${needed}.` };
  const told = `${count(early.labelledRows)} of ${count(early.rows)} predictions have an early label (${decay.metric} ${figure(value)}); they are mature after ${label.delayHours} hours`;
  return { ...base, state: 'provisional', sentence: `${needed}; ${told}.` };
}
