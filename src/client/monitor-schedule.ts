import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { digestOf } from '../domain/digest.js';
import { RatchetError } from '../domain/failure.js';
import type { ModelSpec } from '../domain/model-spec.js';
import type { MonitorModelInput } from '../workflows/messages.js';
import { monitorScheduleId, monitorWorkflowId, TASK_QUEUE } from '../workflows/messages.js';
import { bringSchedule, CATCHUP_WINDOW, MEMO_KEY, nextStartOf, type ScheduleChange, type SchedulePlan } from './bring-schedule.js';

/**
 * Brings the schedule of a model's monitoring to what its spec says. A run that still works when the next is due is not joined by
 * it: that window is not looked at. After an outage within the catch-up window the first of the missed runs starts, the others are
 * skipped for it.
 * @throws {RatchetError} SpecInvalid: a cron line that the server refuses
 */
export async function applyMonitorSchedule(client: Client, { metadata, spec }: ModelSpec): Promise<ScheduleChange> {
  const model = metadata.name;
  const schedule = spec.monitoring?.schedule;
  if (schedule === undefined) return bringSchedule(client, monitorScheduleId(model), null);
  const timing =
    schedule.kind === 'cron'
      ? { cronExpressions: [schedule.cron], timezone: schedule.timeZone }
      : { intervals: [{ every: schedule.everyMinutes * 60_000 }] };
  const input: MonitorModelInput = { model };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCHUP_WINDOW };
  const plan: SchedulePlan = {
    spec: timing,
    policies,
    action: {
      type: 'startWorkflow',
      workflowType: 'monitorModel',
      workflowId: monitorWorkflowId(model),
      taskQueue: TASK_QUEUE,
      args: [input],
      memo: { [MEMO_KEY]: digestOf({ timing, policies, taskQueue: TASK_QUEUE, input }) },
    },
  };
  try {
    return await bringSchedule(client, monitorScheduleId(model), plan);
  } catch (error) {
    const words = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error);
    throw new RatchetError('SpecInvalid', `spec.monitoring.schedule: the Temporal server refuses ${JSON.stringify(schedule)}: ${words}`, {
      remedy: 'expected five fields (minute hour day-of-month month day-of-week) and an IANA time zone',
      cause: error,
    });
  }
}

/** When monitoring looks next by itself, ISO 8601; null: never. */
export function nextMonitoredAt(client: Client, model: string): Promise<string | null> {
  return nextStartOf(client, monitorScheduleId(model));
}
