import { activityInfo, getClient } from '@temporalio/activity';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { DECIDED_SIGNAL } from '../domain/decide/decided-signal.js';
import type { Notice, NoticeRoutes, Notifier } from '../ports/notifier.js';

export interface TellPorts {
  /** Of this machine: a file and the worker's log. */
  readonly notifier: Notifier;
  /** Absent: nobody else is told. */
  readonly noticeRoutes?: NoticeRoutes;
}

/**
 * Tells people: at once through the file of this machine, and through every other route by a workflow of the notice's own,
 * which goes on while receivers are down. Its id is the notice's, so a notice that is told again is not delivered again.
 */
export function createTellPeople({ notifier, noticeRoutes }: TellPorts): (notice: Notice) => Promise<void> {
  return async (notice) => {
    if (noticeRoutes?.exist() === true) await startDelivery(notice);
    await notifier.notify(notice);
  };
}

/** `ratchet/<model>/notice/<rest of the notice's id>` */
export function deliveryWorkflowId({ id, model }: Pick<Notice, 'id' | 'model'>): string {
  return `ratchet/${model}/notice/${id.startsWith(`${model}/`) ? id.slice(model.length + 1) : id}`.slice(0, 900);
}

/**
 * Tells the deliveries of what a cycle waited for that it has been decided. Never fails: one that does not hear of it asks the
 * ledger before its next reminder.
 */
export async function tellDecided({ noticeRoutes }: Pick<TellPorts, 'noticeRoutes'>, model: string, cycle: number): Promise<void> {
  if (noticeRoutes?.exist() !== true) return;
  const ids = ['approval', 'escalation'].map((event) => deliveryWorkflowId({ id: `${model}/${cycle}/${event}`, model }));
  await Promise.allSettled(ids.map(async (id) => getClient().workflow.getHandle(id).signal(DECIDED_SIGNAL)));
}

async function startDelivery(notice: Notice): Promise<void> {
  try {
    await getClient().workflow.start('deliverNotice', {
      workflowId: deliveryWorkflowId(notice),
      taskQueue: activityInfo().taskQueue.replace(/-(?:watch|traffic)$/, ''), // queues with slots of their own are named after the workflows'
      args: [notice],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: notice.title,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
