import { ScheduleOverlapPolicy, ScheduleAlreadyRunning } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { reconcileScheduleId, TASK_QUEUE, tendScheduleId } from '../workflows/messages.js';

const overlap = ScheduleOverlapPolicy.SKIP;

/**
 * What is done for all models: router, registry and ledger are compared each minute, and now, for a worker that starts does not
 * know what happened before; logs are tended at night. One that cannot be made does not keep the other from being made.
 */
export async function applyHouseSchedules(client: Client): Promise<void> {
  const applied = await Promise.allSettled([applyReconcileSchedule(client), applyTendSchedule(client)]);
  const failed = applied.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason as Error;
}

async function applyReconcileSchedule(client: Client): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId: reconcileScheduleId,
      spec: { intervals: [{ every: '1 minute' }] },
      policies: { overlap, catchupWindow: '1 minute' },
      action: { type: 'startWorkflow', workflowType: 'reconcileModels', workflowId: 'ratchet:reconcile', taskQueue: TASK_QUEUE, args: [] },
      state: { triggerImmediately: true },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(reconcileScheduleId).trigger();
  }
}

async function applyTendSchedule(client: Client): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId: tendScheduleId,
      spec: { calendars: [{ hour: 3, minute: 17 }] },
      policies: { overlap, catchupWindow: '1 day' },
      action: { type: 'startWorkflow', workflowType: 'tendModels', workflowId: 'ratchet:tend', taskQueue: TASK_QUEUE, args: [] },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
