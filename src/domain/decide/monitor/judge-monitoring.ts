import type { Finding } from '../../finding.js';
import type { MonitorOutput } from '../../monitor-jobs.js';
import type { MonitoringPolicy } from '../../monitoring.js';
import { judgeCalibration, judgeKpi, judgePromise } from './judge-promise.js';
import { judgeDataDrift, judgePredictionDrift } from './judge-drift.js';
import { judgeDecay } from './judge-decay.js';
import { judgeQuality } from './judge-quality.js';
import { judgeNewData, judgeServiceLevel, judgeStaleness, judgeTraffic } from './judge-service.js';
import { judgeSkew } from './judge-skew.js';

/**
 * What a window of monitoring says, one finding a kind: the same document and policy give the same findings.
 *
 * Pure. Nothing measured is never `ok`; labels that are not mature never decide.
 */
export function judgeMonitoring(policy: MonitoringPolicy, output: MonitorOutput): Finding[] {
  return [
    judgeTraffic(policy, output),
    judgeDataDrift(policy, output),
    judgePredictionDrift(policy, output),
    judgeQuality(policy, output),
    judgeSkew(policy, output),
    judgeServiceLevel(policy, output),
    judgeStaleness(policy, output),
    judgeNewData(policy, output),
    judgeDecay(policy, output),
    judgeCalibration(policy, output),
    judgePromise(policy, output),
    judgeKpi(policy, output),
  ];
}
