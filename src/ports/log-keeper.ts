import type { LogRetention } from '../domain/log-retention.js';
import type { LogsTended } from '../domain/logs-tended.js';

export interface LogsToTend {
  readonly model: string;
  /** Since 1970, UTC. */
  readonly nowMs: number;
  readonly retentionDays: LogRetention;
  /** false: only say what would be done. */
  readonly isDeleting: boolean;
}

/** Keeps the log of predictions and the labels small. Adapters: local (a process of this machine). */
export interface LogKeeper {
  /**
   * Removes hours past their retention and makes one file of each ended hour. May be repeated, and may die at any point: no
   * reader takes a row twice or misses one.
   * @throws {RatchetError} StoreUnavailable (also where two do it at once), AccessDenied, JobFailed
   */
  tend(logs: LogsToTend, signal: AbortSignal): Promise<LogsTended>;
}
