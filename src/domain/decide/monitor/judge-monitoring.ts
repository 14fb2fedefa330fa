import type { Finding } from '../../finding.js';
import type { MonitorOutput } from '../../monitor-jobs.js';
import type { MonitoringPolicy } from '../../monitoring.js';
import type { WindowRequests } from '../../request-counts.js';
import { judgeCalibration, judgeKpi, judgePromise } from './judge-promise.js';
import { judgeDataDrift, judgePredictionDrift } from './judge-drift.js';
import { judgeDecay } from './judge-decay.js';
import { judgeErrors } from './judge-errors.js';
import { judgeQuality } from './judge-quality.js';
import { judgeNewData, judgeServiceLevel, judgeStaleness, judgeTraffic } from './judge-service.js';
import { judgeSkew } from './judge-skew.js';

/**
 * What a window of monitoring says, one finding a kind: the same document and policy give the same findings.
 *
 * Pure. Nothing measured is never `ok`; labels that are not mature never decide.
 * @param requests as the proxy counted them; null: it did not
 */
export function judgeMonitoring(policy: MonitoringPolicy, output: MonitorOutput, requests: WindowRequests | null = null): Finding[] {
  return [
    judgeTraffic(policy, output, requests),
    judgeDataDrift(policy, output),
    judgePredictionDrift(policy, output),
    judgeQuality(policy, output),
    judgeSkew(policy, output),
    judgeServiceLevel(policy, output),
    judgeErrors(policy, output.window, requests),
    judgeStaleness(policy, output),
    judgeNewData(policy, output),
    judgeDecay(policy, output),
    judgeCalibration(policy, output),
    judgePromise(policy, output),
    judgeKpi(policy, output),
  ];
}
