import { rolloutOutlook } from '../../../domain/decide/analysis/outlook.js';
import type { Finding } from '../problem.js';
import type { Rule } from './rule.js';

/** Tells how long each step takes at the stated traffic, and warns of one that would be given up before. */
export const tellRolloutOutlook: Rule = ({ rollout }) => {
  if (rollout === undefined || rollout === null) return [];
  return rolloutOutlook(rollout).flatMap(({ step, metric, kind, windows, seconds, bakeSecondsMax }): Finding[] => {
    const path = ['spec', 'rollout', 'steps', step];
    const named = `what metrics[${metric}] (${kind}) names in detect`;
    if (windows === null || seconds === null) {
      const remedy = 'detect a larger regression, narrow the margin, or give the step more traffic';
      return [{ path, severity: 'warning', message: `${named} would hardly ever be found at this traffic: the step turns back`, remedy }];
    }
    const takes = `${named} takes ${windows} windows (${seconds} s) to find at ${rollout.traffic!.requestsPerSecond} requests a second`;
    if (seconds <= bakeSecondsMax) return [{ path, severity: 'info', message: takes, remedy: 'the step passes no sooner' }];
    const remedy = `bake for up to ${seconds} s, detect a larger regression, or give the step more traffic`;
    return [{ path, severity: 'warning', message: `${takes}, and the step is given up after ${bakeSecondsMax} s`, remedy }];
  });
};
