import type { Finding } from '../../finding.js';
import type { MonitorOutput } from '../../monitor-jobs.js';
import type { KpiLimit } from '../../monitor-settings.js';
import type { PairedMean } from '../../stage-jobs.js';
import { confidenceLimits, estimatePaired } from '../paired-estimate.js';
import { count, figure, named } from './in-words.js';
import { ownDecisions, selectiveLabels } from './judge-decay.js';
import type { MonitoringPolicy } from '../../monitoring.js';
import { coverageFault, incomparableDays, tornFiles } from './judge-service.js';

/** How far mature rows are from what the evaluation promised. A hard month looks so too: it alerts, and says nothing of age. */
export function judgePromise(policy: MonitoringPolicy, output: MonitorOutput): Finding {
  const { decay, thresholds } = policy.settings;
  const base = { kind: 'promise', threshold: thresholds.promiseDistanceMax } as const;
  const promised = policy.champion.promise?.[decay.metric] ?? null;
  const seen = output.cohort?.arms.served?.metrics[decay.metric] ?? null;
  const fault = labelFault(policy, output) ?? (promised === null ? 'what the champion’s evaluation found is not known' : null);
  if (fault !== null || seen === null || promised === null)
    return {
      ...base,
      state: 'inconclusive',
      sentence: `The distance from the promise is unknown: ${fault ?? 'it could not be computed'}.`,
      observed: null,
    };
  const observed = decay.metric === 'auc' ? promised - seen : seen - promised;
  const sentence = `${decay.metric} is ${figure(seen)} on mature rows, ${figure(promised)} was promised; a distance of ${thresholds.promiseDistanceMax} is allowed.`;
  return { ...base, state: observed > thresholds.promiseDistanceMax ? 'found' : 'ok', sentence, observed };
}

/** |mean prediction − rate| on mature rows. */
export function judgeCalibration(policy: MonitoringPolicy, output: MonitorOutput): Finding {
  const threshold = policy.settings.thresholds.calibrationGapMax;
  const fault = labelFault(policy, output);
  const calibration = output.cohort?.arms.served?.calibration;
  if (fault !== null || calibration === undefined)
    return {
      kind: 'calibration',
      state: 'inconclusive',
      sentence: `Calibration is unknown: ${fault ?? 'nothing was compared'}.`,
      observed: null,
      threshold,
    };
  const { meanPrediction, rate } = calibration;
  const observed = Math.abs(meanPrediction - rate);
  const sentence = `Predictions average ${figure(meanPrediction)}, the rate was ${figure(rate)}: a gap of ${figure(observed)}, up to ${threshold} is allowed.`;
  return { kind: 'calibration', state: observed > threshold ? 'found' : 'ok', sentence, observed, threshold };
}

function labelFault(policy: MonitoringPolicy, output: MonitorOutput): string | null {
  const { rowsMin } = policy.settings.thresholds;
  const labelled = output.cohort?.labelledRows ?? 0;
  return (
    selectiveLabels(policy) ??
    ownDecisions(policy, output) ??
    (labelled < rowsMin
      ? `${count(labelled)} mature predictions have a label, at least ${rowsMin} are needed`
      : (coverageFault(policy, output) ?? incomparableDays(policy, output)))
  );
}

/** Whether the mean of a business metric is proven beyond its limit, by blocks as every mean here. */
export function judgeKpi(policy: MonitoringPolicy, output: MonitorOutput): Finding {
  const { kpis } = output;
  const { kpis: limits, decay } = policy.settings;
  const base = { kind: 'kpi', observed: null, threshold: null } as const;
  if (limits.length === 0) {
    const told = kpis.map(({ name, mean }) => `${name} averages ${mean.delta.toPrecision(4)}`);
    const state = kpis.length > 0 ? 'ok' : 'inconclusive';
    return {
      ...base,
      state,
      sentence: kpis.length > 0 ? `No limit is set; ${named(told)}.` : 'No number came with labels, and none is asked for.',
    };
  }
  const fault = selectiveLabels(policy) ?? ownDecisions(policy, output) ?? tornFiles(output.labels) ?? incomparableDays(policy, output);
  if (fault !== null) return { ...base, state: 'inconclusive', sentence: `Business metrics are unknown: ${fault}.` };
  const spoken = limits.map((limit) => kpiAgainst(limit, kpis.find(({ name }) => name === limit.name)?.mean, decay.alpha / limits.length));
  const worst = spoken.find(({ state }) => state === 'found') ?? spoken.find(({ state }) => state === 'inconclusive') ?? spoken[0]!;
  return {
    kind: 'kpi',
    state: worst.state,
    sentence: `${spoken.map(({ words }) => words).join('; ')}.`,
    observed: worst.observed,
    threshold: worst.threshold,
  };
}

function kpiAgainst({ name, min, max }: KpiLimit, mean: PairedMean | undefined, alpha: number) {
  const estimate = estimatePaired(mean);
  const threshold = min ?? max ?? null;
  if (!estimate.known)
    return { state: 'inconclusive' as const, words: `${name} is unknown: ${estimate.reason}`, observed: null, threshold };
  const { lower, upper } = confidenceLimits(estimate, alpha);
  const words = `${name} averages ${estimate.delta.toPrecision(4)} [${lower.toPrecision(4)}, ${upper.toPrecision(4)}]`;
  const isBelow = min !== undefined && upper < min;
  const isAbove = max !== undefined && lower > max;
  const isWithin = (min === undefined || lower >= min) && (max === undefined || upper <= max);
  return {
    state: isBelow || isAbove ? ('found' as const) : isWithin ? ('ok' as const) : ('inconclusive' as const),
    words: `${words}, ${isBelow ? `below ${min}` : isAbove ? `above ${max}` : isWithin ? 'within its limits' : 'not told apart from its limit'}`,
    observed: estimate.delta,
    threshold: isAbove ? (max ?? null) : threshold,
  };
}
