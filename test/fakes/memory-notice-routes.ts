import { RatchetError } from '../../src/domain/failure.js';
import type { Notice, NoticeRoutes } from '../../src/ports/notifier.js';

export interface MemoryNoticeRoutes extends NoticeRoutes {
  /** How each route answers: told, not reached, or told by somebody who dies before it is written down. */
  readonly answers: Map<string, 'told' | 'down' | 'dies'>;
  /** Everything that arrived, repeats as well. */
  readonly told: { readonly route: string; readonly notice: Notice }[];
  /** Everything that was withdrawn. */
  readonly withdrawn: { readonly route: string; readonly notice: Notice }[];
  fallback: readonly string[];
  remindAfterHours: number;
  /** The file holds a mistake. */
  isBroken: boolean;
}

/** Routes that a test adds; none at first, as where nobody wrote a notices.yaml. */
export function createMemoryNoticeRoutes(): MemoryNoticeRoutes {
  const routes: MemoryNoticeRoutes = {
    answers: new Map(),
    told: [],
    withdrawn: [],
    fallback: [],
    remindAfterHours: 24,
    isBroken: false,
    exist: () => routes.answers.size > 0,
    read() {
      if (routes.isBroken) throw new RatchetError('NotifierUnavailable', 'notices.yaml, field default.0: expected one of a');
      return { names: [...routes.answers.keys()], fallback: routes.fallback, remindAfterHours: routes.remindAfterHours };
    },
    notifier: (route) => ({
      async notify(notice) {
        const answer = routes.answers.get(route);
        if (answer === 'down' || answer === undefined) throw new RatchetError('NotifierUnavailable', `${route} is down`);
        routes.told.push({ route, notice });
        if (answer === 'told') return;
        routes.answers.set(route, 'told');
        throw new Error('the process died just after telling');
      },
      async withdraw(notice) {
        if (routes.answers.get(route) === 'down') throw new RatchetError('NotifierUnavailable', `${route} is down`);
        routes.withdrawn.push({ route, notice });
      },
    }),
  };
  return routes;
}
