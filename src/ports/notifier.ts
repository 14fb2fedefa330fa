/** Tells people. At least once: `id` lets a receiver drop repeats. Adapters: local (a file and the worker's log). */
export interface Notifier {
  /** @throws {RatchetError} NotifierUnavailable */
  notify(notice: Notice): Promise<void>;
}

export interface Notice {
  readonly id: string;
  readonly model: string;
  readonly severity: 'info' | 'action';
  readonly title: string;
  /** Plain text; says what must be decided and with which command. */
  readonly text: string;
  readonly to: readonly string[];
}
