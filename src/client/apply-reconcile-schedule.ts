import { ScheduleOverlapPolicy, ScheduleAlreadyRunning } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { reconcileScheduleId, TASK_QUEUE } from '../workflows/messages.js';

/** Router, registry and ledger are compared each minute, and now: a worker that starts does not know what happened before. */
export async function applyReconcileSchedule(client: Client): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId: reconcileScheduleId,
      spec: { intervals: [{ every: '1 minute' }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
      action: { type: 'startWorkflow', workflowType: 'reconcileModels', workflowId: 'ratchet:reconcile', taskQueue: TASK_QUEUE, args: [] },
      state: { triggerImmediately: true },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(reconcileScheduleId).trigger();
  }
}
