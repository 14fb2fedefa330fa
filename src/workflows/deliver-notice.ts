import { condition, patched, setHandler, sleep } from '@temporalio/workflow';
import type { Notice } from '../domain/notice.js';
import { deliveryActivities, shortActivities } from './activity-proxies.js';
import { refuseStrangeStart } from './message-shape.js';
import { decidedSignal } from './messages.js';
import { failureOf } from './workflow-failure.js';

const HOUR_MS = 3_600_000;
/** With doubled waiting from an hour on, this is longer than any approval may wait. What was paused is brought to mind no longer than that. */
const REMINDERS_MAX = 14;
/** What is told once stands no longer anywhere. */
const STANDS_HOURS = 24;

/**
 * Delivers one notice through each of its routes, and reminds of what waits for a person, an approval or something paused, until
 * it is decided; then it is withdrawn where it stays open. A receiver that is down holds up neither another one nor the cycle, which does not wait for this. Told at
 * least once: who dies just after telling tells again with the same id.
 */
export async function deliverNotice(notice: Notice): Promise<void> {
  const isInput = typeof notice?.id === 'string' && typeof notice.model === 'string';
  refuseStrangeStart({ isInput, input: '{"id": …, "model": <name>, …}' });
  let hasHeard = false;
  setHandler(decidedSignal, () => void (hasHeard = true));
  const { routes, remindAfterHours, link } = await shortActivities('who is told').planDelivery(notice);
  const withdraws = patched('withdraw-decided-notices');
  const notices: Notice[] = [];
  const telling: Promise<void>[] = [];
  const tell = (next: Notice): void => {
    notices.push(next);
    telling.push(...routes.map((route) => tellThrough(route, next)));
  };

  tell({ ...notice, link });
  const isDecided = routes.length > 0 && (await untilDecided());
  await Promise.all(telling);
  if (withdraws && isDecided) await Promise.all(routes.map((route) => withdrawThrough(route, notices)));

  /** @returns false: nobody waits for it (any more) */
  async function untilDecided(): Promise<boolean> {
    if (notice.event === 'approval' || notice.untilResumed !== undefined) return remindUntilDecided();
    if (!withdraws || notice.event !== 'escalation') return false;
    return condition(() => hasHeard, STANDS_HOURS * HOUR_MS, { summary: 'until it is decided' });
  }

  async function remindUntilDecided(): Promise<boolean> {
    for (let number = 1; number <= REMINDERS_MAX; number++) {
      if (await hears(remindAfterHours * 2 ** (number - 1) * HOUR_MS, `until reminder ${number}`)) return true;
      if (!(await shortActivities('is it still to be decided?').isUndecided(notice))) return true;
      tell({ ...notice, link, id: `${notice.id}/reminder-${number}`, title: `Reminder ${number}: ${notice.title}` });
    }
    return false;
  }

  async function hears(ms: number, summary: string): Promise<boolean> {
    if (withdraws) return condition(() => hasHeard, ms, { summary });
    await sleep(ms, { summary });
    return false;
  }
}

/** Where it cannot be told that it is over, it ends by itself. */
async function withdrawThrough(route: string, notices: readonly Notice[]): Promise<void> {
  await deliveryActivities(`decided: withdraw from ${route}`)
    .withdrawNotices({ notices, route })
    .catch(() => undefined);
}

/** For days; then it is given up, and the file of the machine says so. */
async function tellThrough(route: string, notice: Notice): Promise<void> {
  try {
    await deliveryActivities(`tell through ${route}`).sendNotice({ notice, route });
  } catch (error) {
    await shortActivities(`${route} was not told`).tellUndelivered({ notice, route, reason: failureOf(error).message });
  }
}
