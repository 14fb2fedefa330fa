import type { Finding } from '../../finding.js';
import type { MonitorOutput } from '../../monitor-jobs.js';
import { count, figure, named, percent } from './in-words.js';
import type { MonitoringPolicy } from '../../monitoring.js';

/** Whether more features than allowed are distributed otherwise than in training. Features drift with the season. */
export function judgeDataDrift({ settings: { thresholds } }: MonitoringPolicy, { drift, trafficRows }: MonitorOutput): Finding {
  const threshold = thresholds.driftedShareMax;
  const { columns, thin } = drift;
  if (trafficRows < thresholds.rowsMin || columns.length === 0) {
    const sentence = `Feature drift is unknown: ${count(trafficRows)} predictions, at least ${thresholds.rowsMin} are needed.`;
    return { kind: 'dataDrift', state: 'inconclusive', sentence, observed: null, threshold };
  }
  const drifted = columns.filter((column) => column.drifted).sort((a, b) => b.statistic - a.statistic);
  const observed = drifted.length / columns.length;
  const most = drifted.length > 0 ? `: ${named(drifted.map(({ column, statistic }) => `${column} (${figure(statistic)})`))}` : '';
  const untold = thin.length > 0 ? ` ${thin.length} features had too few values to tell.` : '';
  const sentence = `${drifted.length} of ${columns.length} features drifted further than ${thresholds.driftStatisticMax}${most}; ${percent(threshold)} may.${untold}`;
  if (observed > threshold) return { kind: 'dataDrift', state: 'found', sentence, observed, threshold };
  // Features that nobody could measure might be those that moved.
  const atWorst = (drifted.length + thin.length) / (columns.length + thin.length);
  return { kind: 'dataDrift', state: atWorst > threshold ? 'inconclusive' : 'ok', sentence, observed, threshold };
}

/** Whether the champion's answers are distributed otherwise than on its own holdout. */
export function judgePredictionDrift({ settings: { thresholds } }: MonitoringPolicy, output: MonitorOutput): Finding {
  const { predictions, servedRows } = output;
  const threshold = thresholds.predictionStatisticMax;
  if (predictions === null || servedRows < thresholds.rowsMin) {
    const sentence = `Prediction drift is unknown: the champion answered ${count(servedRows)} rows, at least ${thresholds.rowsMin} are needed.`;
    return { kind: 'predictionDrift', state: 'inconclusive', sentence, observed: null, threshold };
  }
  const { statistic, mean, meanReference, test } = predictions;
  const sentence = `Answers average ${figure(mean)}, on the holdout of training ${figure(meanReference)}: ${test} distance ${figure(statistic)}, up to ${threshold} is allowed.`;
  return { kind: 'predictionDrift', state: statistic > threshold ? 'found' : 'ok', sentence, observed: statistic, threshold };
}
