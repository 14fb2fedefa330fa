import type { RatchetError } from '../../src/domain/failure.js';
import type { LogKeeper, LogsToTend } from '../../src/ports/log-keeper.js';

/** Keeps what it was asked; a model that is named in `failures` cannot be tended. */
export function createMemoryLogKeeper() {
  const asked: LogsToTend[] = [];
  const failures = new Map<string, RatchetError>();
  const none = { expiredHours: 0, expiredFiles: 0, compactedHours: 0, compactedFiles: 0 };
  const keeper: LogKeeper = {
    async tend(logs) {
      asked.push(logs);
      const failure = failures.get(logs.model);
      if (failure !== undefined) throw failure;
      return { predictions: none, labels: none, monitoring: { expiredFiles: 0 } };
    },
  };
  return { keeper, asked, failures };
}
