import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { History } from './histories.js';

/** Resets a workflow to right before the n-th activity of that name was decided on; its messages come again. */
export async function resetBefore(client: Client, handle: WorkflowHandle, activity: string): Promise<void> {
  const { events } = (await handle.fetchHistory()) as { events: NonNullable<History['events']> };
  const scheduled = events.findIndex((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === activity);
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
