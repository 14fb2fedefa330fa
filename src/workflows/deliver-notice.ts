import { sleep } from '@temporalio/workflow';
import type { Notice } from '../domain/notice.js';
import { deliveryActivities, shortActivities } from './activity-proxies.js';
import { refuseStrangeStart } from './message-shape.js';
import { failureOf } from './workflow-failure.js';

const HOUR_MS = 3_600_000;
/** With doubled waiting from an hour on, this is longer than any approval may wait. */
const REMINDERS_MAX = 14;

/**
 * Delivers one notice through each of its routes, and reminds of an approval until a person has decided. A receiver that is down holds
 * up neither another one nor the cycle, which does not wait for this. Told at least once: who dies just after telling tells
 * again with the same id.
 */
export async function deliverNotice(notice: Notice): Promise<void> {
  const isInput = typeof notice?.id === 'string' && typeof notice.model === 'string';
  refuseStrangeStart({ isInput, input: '{"id": …, "model": <name>, …}' });
  const { routes, remindAfterHours, link } = await shortActivities('who is told').planDelivery(notice);
  const told: Promise<void>[] = [];
  const tell = (telling: Notice): void => void told.push(...routes.map((route) => tellThrough(route, telling)));

  tell({ ...notice, link });
  if (routes.length > 0 && notice.event === 'approval') {
    for (let number = 1; number <= REMINDERS_MAX; number++) {
      await sleep(remindAfterHours * 2 ** (number - 1) * HOUR_MS, { summary: `until reminder ${number}` });
      if (!(await shortActivities('is it still to be decided?').isUndecided(notice))) break;
      tell({ ...notice, link, id: `${notice.id}/reminder-${number}`, title: `Reminder ${number}: ${notice.title}` });
    }
  }
  await Promise.all(told);
}

/** For days; then it is given up, and the file of the machine says so. */
async function tellThrough(route: string, notice: Notice): Promise<void> {
  try {
    await deliveryActivities(`tell through ${route}`).sendNotice({ notice, route });
  } catch (error) {
    await shortActivities(`${route} was not told`).tellUndelivered({ notice, route, reason: failureOf(error).message });
  }
}
