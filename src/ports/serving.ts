import type { FeatureRow, Instance, InstanceSpec } from '../domain/serving.js';

/** Runs model servers. Adapters: local. */
export interface Serving {
  /**
   * Starts an instance, or attaches where the same spec runs already; answers when every replica is ready.
   * @throws {RatchetError} InstanceNotReady: not within `readySecondsMax`, or it dies; with its last words.
   * InstanceConflict: the name runs another spec. EvidenceMissing, EvidenceCorrupt: its artifact is not what it was.
   * ServingUnavailable: try again.
   */
  prepare(spec: InstanceSpec, signal: AbortSignal): Promise<Instance>;
  /**
   * Asks each replica of an instance directly, past the router, one request of all rows.
   * @returns the scores, per replica
   * @throws {RatchetError} InstanceRefused: it refuses or answers another shape, in its own words. ServingUnavailable.
   */
  ask(instanceName: string, rows: readonly FeatureRow[], signal: AbortSignal): Promise<readonly (readonly number[])[]>;
  /** null where no such instance was prepared, or it was retired. */
  describe(instanceName: string): Promise<Instance | null>;
  list(model: string): Promise<readonly Instance[]>;
  /** Lets requests under way end (at most `drainSeconds`), then ends its processes. Idempotent. */
  retire(instanceName: string, drainSeconds: number): Promise<void>;
}
