import type { Alarm } from '../domain/alarm.js';

/** Alarms of people's own, that turn a rollout back. Adapters: sagemaker (CloudWatch). */
export interface AlarmSource {
  /**
   * Looks at them once. One that does not exist is not in the answer.
   * @throws {RatchetError} MetricsUnavailable, AccessDenied: says which source and why
   */
  read(names: readonly string[], signal: AbortSignal): Promise<readonly Alarm[]>;
}
