/** What jobs left behind them in one place, for retention: an object store, or the home of a worker. All calls may be repeated. */
export interface JobLeftovers {
  /** Names of jobs that something is kept of: how they ended, their logs. */
  jobs(): Promise<readonly string[]>;
  /** Places of checkpoints (`JobSpec.checkpoints`). */
  checkpoints(): Promise<readonly string[]>;
  /** Removes what is kept of an ended job; where that is nothing, fine. */
  removeJob(name: string): Promise<void>;
  removeCheckpoints(place: string): Promise<void>;
}
