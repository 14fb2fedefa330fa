import type { Finding } from '../../finding.js';
import type { MonitorOutput } from '../../monitor-jobs.js';
import { matureCohorts } from '../mature-cohorts.js';
import { count, named, percent } from './in-words.js';
import type { MonitoringPolicy } from '../../monitoring.js';
import type { WindowRequests } from '../../request-counts.js';

const DAY_MS = 86_400_000;

/** With fewer of the answered requests in the log, it does not show what happened. Counted and logged windows differ by minutes. */
const LOGGED_SHARE_MIN = 0.5;

/**
 * Whether the log can be trusted to show what happened: predictions at all, no unreadable files, and as many as the proxy counted.
 * @param requests as the proxy counted them; null: it did not
 */
export function judgeTraffic(
  policy: MonitoringPolicy,
  { log, trafficRows, servedRows }: MonitorOutput,
  requests: WindowRequests | null = null,
): Finding {
  const base = { kind: 'traffic', observed: trafficRows, threshold: null } as const;
  if (trafficRows === 0) {
    const sentence = `No prediction was logged in ${log.hours} hours: callers have stopped asking, or servers have stopped logging.`;
    return { ...base, state: 'found', sentence };
  }
  const faults = [
    ...(log.filesUnreadable > 0 ? [`${log.filesUnreadable} of ${log.files} files cannot be read`] : []),
    ...(servedRows === 0 ? [`none was answered by the champion ${policy.champion.version}`] : []),
    ...lost(policy, servedRows * log.sampledOneIn, requests),
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

/** Each answered request is a row or more of the log. */
function lost({ settings, champion }: MonitoringPolicy, rows: number, requests: WindowRequests | null): string[] {
  const arms = (requests?.arms ?? []).filter(({ version }) => version === champion.version);
  const answered = arms.reduce((sum, arm) => sum + arm.requests - arm.errors, 0);
  if (answered < settings.thresholds.rowsMin || rows >= LOGGED_SHARE_MIN * answered) return [];
  return [`the proxy counted ${count(answered)} answers of the champion, the log has ${count(rows)} rows of them`];
}

/** Latency as the servers measured it, of what was answered: the log holds nothing else. */
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
  const torn = tornFiles(labels);
  if (torn !== null) return torn;
  const { overall, byScoreDecile } = cohort.labelCoverage;
  const settled = overall + (labels === null || cohort.rows === 0 ? 0 : Math.min(1 - overall, labels.censored / cohort.rows));
  if (settled < label.coverageMin)
    return `only ${percent(settled)} of ${count(cohort.rows)} mature predictions are labelled or censored, ${percent(label.coverageMin)} are needed`;
  const [least, most] = [Math.min(...byScoreDecile), Math.max(...byScoreDecile)];
  if (most - least <= settings.decay.coverageGapMax) return null;
  return `labels depend on the score: between ${percent(least)} and ${percent(most)} of the rows have one`;
}

/** What cannot be read is missing from the cohort, nobody knows which part of it. */
export function tornFiles(labels: MonitorOutput['labels']): string | null {
  if (labels === null || labels.torn.length === 0) return null;
  const files = labels.torn.length === 1 ? 'a file' : `${labels.torn.length} files`;
  return `${files} of the log or the labels cannot be read (${named(labels.torn)})`;
}

/**
 * Days whose labels are not as many as those of the days before them: what is left of them is no sample of them. Told where they
 * hold more of the cohort than `coverageDropMax`; null: the days can be compared.
 */
export function incomparableDays({ label }: MonitoringPolicy, { window, labels }: MonitorOutput): string | null {
  const days = labels?.days ?? [];
  const odd = matureCohorts(days, { ...label, coverageMin: 0 }, Date.parse(window.end)).filter(({ isMature }) => !isMature);
  const share = (rows: readonly { predictions: number }[]): number => rows.reduce((sum, { predictions }) => sum + predictions, 0);
  const first = odd[0];
  if (first === undefined || share(odd.map(({ cohort }) => cohort)) <= label.coverageDropMax * share(days)) return null;
  const day = new Date(first.cohort.startMs).toISOString().slice(0, 10);
  return `${odd.length} of ${days.length} days have other labels than those before them (${day}: ${first.reason})`;
}
