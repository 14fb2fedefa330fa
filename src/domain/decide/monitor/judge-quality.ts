import type { Finding } from '../../finding.js';
import type { FeatureQuality, MonitorOutput } from '../../monitor-jobs.js';
import type { MonitorThresholds } from '../../monitor-settings.js';
import { count, named, percent } from './in-words.js';
import type { MonitoringPolicy } from '../../monitoring.js';

/** Nulls, ranges, unseen categories, features that hang: against the training snapshot, in what callers sent. */
export function judgeQuality({ settings: { thresholds } }: MonitoringPolicy, { quality, trafficRows }: MonitorOutput): Finding {
  const base = { kind: 'dataQuality', threshold: 0 } as const;
  if (trafficRows < thresholds.rowsMin || quality.length === 0) {
    const sentence = `Data quality is unknown: ${count(trafficRows)} predictions, at least ${thresholds.rowsMin} are needed.`;
    return { ...base, state: 'inconclusive', sentence, observed: null };
  }
  const faults = quality.flatMap((feature) => faultsOf(feature, thresholds));
  const sentence =
    faults.length === 0
      ? `All ${quality.length} features hold what training knew: nulls, ranges and categories of ${count(trafficRows)} predictions.`
      : `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'} in what callers send: ${named(faults)}.`;
  return { ...base, state: faults.length > 0 ? 'found' : 'ok', sentence, observed: faults.length };
}

/** What is wrong with one feature, in words. */
export function faultsOf(feature: FeatureQuality, thresholds: MonitorThresholds): string[] {
  const { feature: name, examples } = feature;
  const example = examples[0] === undefined ? '' : `, such as ${examples[0]}`;
  const faults: string[] = [];
  if (feature.nullShare - feature.nullShareReference > thresholds.nullShareRiseMax)
    faults.push(`${name} is null in ${percent(feature.nullShare)} of the rows, in training in ${percent(feature.nullShareReference)}`);
  if (feature.outOfRangeShare > thresholds.outOfRangeShareMax)
    faults.push(`${name} is out of range in ${percent(feature.outOfRangeShare)} of the rows${example}`);
  if (feature.unseenShare > thresholds.unseenShareMax)
    faults.push(`${name} has categories that training never saw in ${percent(feature.unseenShare)} of the rows${example}`);
  if (feature.constant) faults.push(`${name} has one value only, where training saw several`);
  return faults;
}
