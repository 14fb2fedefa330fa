import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { History } from './histories.js';

/** Resets a workflow to right before the n-th activity of that name was decided on; its messages come again. */
export async function resetBefore(client: Client, handle: WorkflowHandle, activity: string, nth = 1): Promise<void> {
  const { events } = (await handle.fetchHistory()) as { events: NonNullable<History['events']> };
  const isOne = (event: (typeof events)[number]): boolean => event.activityTaskScheduledEventAttributes?.activityType?.name === activity;
  const scheduled = events.flatMap((event, index) => (isOne(event) ? [index] : []))[nth - 1];
  if (scheduled === undefined) throw new Error(`expected ${nth} × ${activity} in the history of ${handle.workflowId}, found fewer`);
  const decided = events.slice(0, scheduled).findLast((event) => event.workflowTaskCompletedEventAttributes != null)!;
  const { runId } = await handle.describe();
  await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId, runId },
    reason: 'a test',
    workflowTaskFinishEventId: decided.eventId!,
    requestId: randomUUID(),
  });
}
