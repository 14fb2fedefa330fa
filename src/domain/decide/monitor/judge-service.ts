import type { Finding } from '../../finding.js';
import type { MonitorOutput } from '../../monitor-jobs.js';
import { count, percent } from './in-words.js';
import type { MonitoringPolicy } from '../../monitoring.js';

const DAY_MS = 86_400_000;

/** Whether the log can be trusted to show what happened: predictions at all, no hours missing, no unreadable files. */
export function judgeTraffic(policy: MonitoringPolicy, { log, trafficRows, servedRows }: MonitorOutput): Finding {
  const base = { kind: 'traffic', observed: trafficRows, threshold: policy.settings.thresholds.rowsMin } as const;
  if (trafficRows === 0) {
    const sentence = `No prediction was logged in ${log.hours} hours: callers have stopped asking, or servers have stopped logging.`;
    return { ...base, state: 'found', sentence };
  }
  const faults = [
    ...(log.filesUnreadable > 0 ? [`${log.filesUnreadable} of ${log.files} files cannot be read`] : []),
    ...(servedRows === 0 ? [`none was answered by the champion ${policy.champion.version}`] : []),
  ];
  const silent = log.hours - log.hoursWithRows;
  const asides = [
    ...(silent > 0 ? [`${silent} of ${log.hours} hours have none`] : []),
    ...(log.duplicates > 0 ? [`${count(log.duplicates)} were logged twice and counted once`] : []),
    ...(log.sampledOneIn > 1 ? [`one in ${log.sampledOneIn} was looked at`] : []),
  ];
  const sentence = `${count(trafficRows)} predictions${[...faults, ...asides].map((words) => `; ${words}`).join('')}.`;
  return { ...base, state: faults.length > 0 ? 'found' : 'ok', sentence };
}

/** Latency as the servers measured it. The log holds what was answered: errors are counted by the rollout's metrics. */
export function judgeServiceLevel({ settings: { thresholds } }: MonitoringPolicy, { latencyMs, servedRows }: MonitorOutput): Finding {
  const threshold = thresholds.latencyMsP99Max ?? null;
  const base = { kind: 'serviceLevel', threshold } as const;
  if (latencyMs === null || servedRows < thresholds.rowsMin) {
    return {
      ...base,
      state: 'inconclusive',
      sentence: `Latency is unknown: ${count(servedRows)} rows were answered by the champion.`,
      observed: null,
    };
  }
  const observed = latencyMs.p99;
  const limit = threshold === null ? 'no limit is set' : `up to ${threshold} ms is allowed`;
  const sentence = `99 of 100 answers took at most ${observed.toFixed(1)} ms (half of them ${latencyMs.p50.toFixed(1)}); ${limit}.`;
  return { ...base, state: threshold !== null && observed > threshold ? 'found' : 'ok', sentence, observed };
}

/** Days between what the champion was trained on and the end of the window. */
export function judgeStaleness({ settings: { thresholds }, champion }: MonitoringPolicy, { window }: MonitorOutput): Finding {
  const threshold = thresholds.staleDaysMax ?? null;
  const observed = Math.max(0, (Date.parse(window.end) - Date.parse(champion.trainEnd)) / DAY_MS);
  const limit = threshold === null ? 'no limit is set' : `up to ${threshold} are allowed`;
  const sentence = `The champion’s training data ends ${observed.toFixed(0)} days before the window does; ${limit}.`;
  return { kind: 'staleness', state: threshold !== null && observed > threshold ? 'found' : 'ok', sentence, observed, threshold };
}

/** Labelled rows that were served since the champion's training data ended. */
export function judgeNewData({ settings: { thresholds } }: MonitoringPolicy, { cohort }: MonitorOutput): Finding {
  const threshold = thresholds.newRowsMin ?? null;
  const base = { kind: 'newData', threshold } as const;
  if (cohort === null)
    return { ...base, state: 'inconclusive', sentence: 'No prediction since the training has a mature label.', observed: null };
  const observed = cohort.newRows;
  const limit = threshold === null ? 'no limit is set' : `from ${count(threshold)} on it is enough for another training`;
  const isFound = threshold !== null && observed >= threshold;
  return {
    ...base,
    state: isFound ? 'found' : 'ok',
    sentence: `${count(observed)} labelled rows came since the training; ${limit}.`,
    observed,
  };
}

/** How much of the cohort has labels, in words that excuse a judgement; null: enough of it, and evenly. */
export function coverageFault({ settings, label }: MonitoringPolicy, { cohort, labels }: MonitorOutput): string | null {
  if (cohort === null) return null;
  const { overall, byScoreDecile } = cohort.labelCoverage;
  const settled = overall + (labels === null || cohort.rows === 0 ? 0 : Math.min(1 - overall, labels.censored / cohort.rows));
  if (settled < label.coverageMin)
    return `only ${percent(settled)} of ${count(cohort.rows)} mature predictions are labelled or censored, ${percent(label.coverageMin)} are needed`;
  const [least, most] = [Math.min(...byScoreDecile), Math.max(...byScoreDecile)];
  if (most - least <= settings.decay.coverageGapMax) return null;
  return `labels depend on the score: between ${percent(least)} and ${percent(most)} of the rows have one`;
}
