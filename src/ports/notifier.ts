import type { Notice } from '../domain/notice.js';

export type { Notice };

/** Tells people. At least once: `id` lets a receiver drop repeats. Adapters: local (a file and the worker's log), alertmanager, slack, email, webhook. */
export interface Notifier {
  /** @throws {RatchetError} NotifierUnavailable */
  notify(notice: Notice): Promise<void>;
  /**
   * What a notice waited for has been decided. Absent: what is told there does not stay open.
   * @throws {RatchetError} NotifierUnavailable
   */
  withdraw?(notice: Notice): Promise<void>;
}

/** The receivers beside the local one, as a person wrote them down; read at each use. */
export interface NoticeRoutes {
  /** Whether anybody wrote some down. */
  exist(): boolean;
  /** @throws {RatchetError} NotifierUnavailable: what was written cannot be read; names file and field */
  read(): NoticeRouting;
  /** @throws {RatchetError} NotifierUnavailable: there is no such route, or its secret is missing */
  notifier(route: string): Notifier;
}

export interface NoticeRouting {
  readonly names: readonly string[];
  /** For models that name none. */
  readonly fallback: readonly string[];
  /** Until the first reminder; doubles with each. */
  readonly remindAfterHours: number;
}
