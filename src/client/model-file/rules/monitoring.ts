import { placeOfRoute, whyNotHeld } from '../../../domain/serving-cluster.js';
import type { FindingAnswers } from '../../../domain/monitoring-spec.js';
import type { Finding } from '../problem.js';
import type { Rule } from './rule.js';

const AT = ['spec', 'monitoring'] as const;

/** What a row of the log says beside its features: monitoring could not tell a feature of that name from it. */
const LOGGED = new Set(['id', 'row', 'time', 'version', 'key', 'output', 'latencyMs', 'label']);

/** What monitoring can never do: look at what nobody serves, or wait for more windows than it counts. */
export const checkMonitoring: Rule = ({ monitoring, serving, data }) => {
  if (monitoring == null) return [];
  const findings: Finding[] = [];
  if (serving === undefined) {
    findings.push({
      path: AT,
      severity: 'error',
      expected: 'a model that answers requests, for monitoring looks at its answers',
      found: 'no `serving`',
      remedy: 'add `serving: {}`, or leave `monitoring` out',
    });
  }
  for (const [kind, { foundMin, ofWindows }] of Object.entries(monitoring.answers) as [keyof FindingAnswers, FindingAnswers['decay']][]) {
    if (foundMin <= ofWindows) continue;
    findings.push({
      path: [...AT, 'answers', kind, 'foundMin'],
      severity: 'error',
      expected: `at most ofWindows, ${ofWindows}`,
      found: String(foundMin),
      remedy: 'it could never be found so often; raise ofWindows',
    });
  }
  const unpausable = whyNotHeld(placeOfRoute(serving?.cluster));
  for (const [kind, { action }] of Object.entries(monitoring.answers)) {
    if (action !== 'pauseServing' || unpausable === null) continue;
    findings.push({
      path: [...AT, 'answers', kind, 'action'],
      severity: 'error',
      expected: 'an action that can be done where the model is served',
      found: 'pauseServing',
      remedy: `write alert: ${unpausable}`,
    });
  }
  for (const [index, { name }] of (data?.features ?? []).entries()) {
    if (!LOGGED.has(name)) continue;
    findings.push({
      path: ['spec', 'data', 'features', index, 'name'],
      severity: 'error',
      expected: 'another name beside `monitoring`',
      found: `"${name}", which the log of predictions has for itself`,
      remedy: 'rename the column in the source, or leave `monitoring` out',
    });
  }
  const days = (data?.label.delayHours ?? 0) / 24;
  if (data !== null && days >= monitoring.decay.cohortDays) {
    findings.push({
      path: [...AT, 'decay', 'cohortDays'],
      severity: 'warning',
      message: `labels are mature after ${days.toFixed(0)} days: what a cohort of ${monitoring.decay.cohortDays} days tells is as old`,
      remedy: '',
    });
  }
  return findings;
};
