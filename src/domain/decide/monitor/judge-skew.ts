import type { Finding } from '../../finding.js';
import type { MonitorOutput } from '../../monitor-jobs.js';
import { count, named, percent } from './in-words.js';
import type { MonitoringPolicy } from '../../monitoring.js';

/**
 * Training–serving skew: the servers answer otherwise than the model file, or callers send other values than training has of
 * the same rows. By distribution alone (no keys were logged) it is a hint, and says so.
 */
export function judgeSkew({ settings: { thresholds } }: MonitoringPolicy, { skew }: MonitorOutput): Finding {
  const threshold = thresholds.skewShareMax;
  const { answers, features } = skew;
  if (answers === null) {
    const sentence = 'Skew is unknown: the champion answered nothing in this window.';
    return { kind: 'skew', state: 'inconclusive', sentence, observed: null, threshold };
  }
  const differs = features?.features.filter(
    ({ differingShare, statistic, threshold: limit }) =>
      (differingShare ?? 0) > threshold || (statistic !== null && limit !== null && statistic > limit),
  );
  const observed = Math.max(answers.differingShare, ...(features?.features.map(({ differingShare }) => differingShare ?? 0) ?? []));
  const spoken = [answersInWords(answers), featuresInWords(features, differs?.map(({ feature }) => feature) ?? [])].join('; ');
  const isFound = answers.differingShare > threshold || (differs?.length ?? 0) > 0;
  const state = isFound ? 'found' : features === null ? 'inconclusive' : 'ok';
  return { kind: 'skew', state, sentence: `${spoken}.`, observed, threshold };
}

function answersInWords({ rows, differingShare, differenceMax }: NonNullable<MonitorOutput['skew']['answers']>): string {
  if (differingShare === 0) return `Servers and model file agree on ${count(rows)} answers`;
  return `${percent(differingShare)} of ${count(rows)} answers differ from the model file’s, by up to ${differenceMax.toPrecision(2)}`;
}

function featuresInWords(features: MonitorOutput['skew']['features'], differing: readonly string[]): string {
  if (features === null)
    return 'no snapshot has days of which enough was logged, so features as logged could not be held against training’s';
  const days = features.window === undefined ? '' : `, ${features.window.start.slice(0, 10)} to ${features.window.end.slice(0, 10)}`;
  const how =
    features.method === 'keys' ? `for ${count(features.rows)} rows of the same key and day` : 'by their distribution on the same days';
  return differing.length === 0
    ? `features as logged agree with the snapshot, ${how}${days}`
    : `${named(differing)} as logged differ from the snapshot, ${how}${days}`;
}
