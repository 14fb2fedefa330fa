import { workflowInfo } from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { shortActivities } from './activity-proxies.js';
import { refuseStrangeStart } from './message-shape.js';
import { lifecycleWorkflowId, TASK_QUEUE, type RequestCycleInput } from './messages.js';

const TemporalScheduledStartTime = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

/** What a model's Schedule starts: hands the wish to the lifecycle, which alone decides. The scheduled time is the key. */
export async function requestCycle(input: RequestCycleInput): Promise<void> {
  refuseStrangeStart({ isInput: typeof input?.model === 'string', input: '{"model": <name>}' });
  const { model } = input;
  const { typedSearchAttributes, startTime } = workflowInfo();
  const scheduledAt = (typedSearchAttributes.get(TemporalScheduledStartTime) ?? startTime).toISOString();
  await shortActivities('hand the scheduled trigger to the lifecycle').requestTrigger({
    model,
    workflowId: lifecycleWorkflowId(model),
    taskQueue: TASK_QUEUE,
    trigger: { key: `schedule/${scheduledAt}`, kind: 'schedule', requestedBy: 'schedule', reason: `scheduled for ${scheduledAt}` },
  });
}
