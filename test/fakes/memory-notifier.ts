import { RatchetError } from '../../src/domain/failure.js';
import type { Notice, Notifier } from '../../src/ports/notifier.js';

export interface MemoryNotifier extends Notifier {
  readonly notices: Notice[];
  /** Models whose people cannot be reached. */
  readonly unreachable: Set<string>;
}

/** Keeps notices by id, as a receiver that drops repeats. */
export function createMemoryNotifier(): MemoryNotifier {
  const notices: Notice[] = [];
  const unreachable = new Set<string>();
  return {
    notices,
    unreachable,
    async notify(notice) {
      if (unreachable.has(notice.model)) throw new RatchetError('NotifierUnavailable', 'the post is on strike');
      if (!notices.some(({ id }) => id === notice.id)) notices.push(notice);
    },
  };
}
