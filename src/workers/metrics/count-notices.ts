import type { NoticeRoutes, Notifier } from '../../ports/notifier.js';
import type { Meter } from './meter.js';

/** The notifier, which also counts. */
export function countNotices(notifier: Notifier, meter: Meter): Notifier {
  return {
    ...notifier,
    async notify(notice) {
      const { model, severity } = notice;
      const count = (result: string): void =>
        meter.record({ name: 'ratchet_notices_total', labels: { model, severity, result }, value: 1 });
      try {
        await notifier.notify(notice);
        count('told');
      } catch (error) {
        count('failed');
        throw error;
      }
    },
  };
}

/** The routes, whose notifiers also count. */
export function countedRoutes(routes: NoticeRoutes, meter: Meter): NoticeRoutes {
  return { ...routes, notifier: (name) => countNotices(routes.notifier(name), meter) };
}
