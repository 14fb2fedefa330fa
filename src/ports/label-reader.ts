import type { LabelQuestion, LabelReading } from '../domain/label-reading.js';

/** What became known of predictions, day by day. Adapters: local (the join, as a process of this machine). */
export interface LabelReader {
  /**
   * Reads the asked hours of the log, and labels received since; never the whole history. Takes seconds to minutes, and runs
   * below everything else on the machine.
   * @throws {RatchetError} StoreUnavailable, AccessDenied, InputInvalid (an unknown time zone), JobFailed
   */
  read(question: LabelQuestion, signal: AbortSignal): Promise<LabelReading>;
}
