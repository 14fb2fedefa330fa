import type { Arm } from '../domain/serving.js';
import type { ArmCounts } from '../domain/traffic-window.js';

/** Counts of what instances did, since they started. Adapters: local (Envoy's and the model servers' own metrics), sagemaker (CloudWatch). */
export interface MetricSource {
  /**
   * Reads the counters of each arm's instance once. They only rise while no process is started again; where one was, the
   * numbers fall, and the reader drops that window.
   * @param unit request: as the proxy counts. key: callers, each once, as the model servers count.
   * @throws {RatchetError} MetricsUnavailable: says which source and why.
   */
  read(instances: Readonly<Partial<Record<Arm, string>>>, unit: 'request' | 'key', signal: AbortSignal): Promise<CountersReading>;
}

export interface CountersReading {
  /** Milliseconds since 1970: what came by then is counted, and nothing after it. A source may be minutes late. */
  readonly atMs: number;
  readonly arms: Readonly<Partial<Record<Arm, ArmCounts>>>;
}
