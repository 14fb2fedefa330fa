import { judgeMonitoring } from '../../../../src/domain/decide/monitor/judge-monitoring.js';
import type { Finding, FindingKind } from '../../../../src/domain/finding.js';
import type { MonitorOutput } from '../../../../src/domain/monitor-jobs.js';
import { MonitorSettings } from '../../../../src/domain/monitor-settings.js';
import type { MonitoringPolicy } from '../../../../src/domain/monitoring.js';
import type { WindowRequests } from '../../../../src/domain/request-counts.js';

/** Of the policy that an output is judged by. */
export interface Change {
  readonly settings?: object;
  readonly label?: Partial<MonitoringPolicy['label']>;
  readonly promise?: MonitoringPolicy['champion']['promise'];
  readonly requests?: WindowRequests | null;
}

export function policy({ settings = {}, label = {}, promise = { logLoss: 0.49 } }: Change = {}): MonitoringPolicy {
  return {
    settings: MonitorSettings.parse(settings),
    label: { delayHours: 24, policy: 'independent', coverageMin: 0.5, coverageDropMax: 0.2, ...label },
    champion: { version: 'flights-3', trainEnd: '2013-06-02T04:00:00.000Z', promise },
  };
}

export function find(kind: FindingKind, output: MonitorOutput, change: Change = {}): Finding {
  return judgeMonitoring(policy(change), output, change.requests).find((finding) => finding.kind === kind)!;
}
