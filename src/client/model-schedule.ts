import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { digestOf } from '../domain/digest.js';
import { RatchetError } from '../domain/failure.js';
import type { ModelSpec } from '../domain/model-spec.js';
import type { RequestCycleInput } from '../workflows/messages.js';
import { TASK_QUEUE, lifecycleWorkflowId, scheduleId } from '../workflows/messages.js';
import { bringSchedule, CATCHUP_WINDOW, MEMO_KEY, nextStartOf, type ScheduleChange, type SchedulePlan } from './bring-schedule.js';

/**
 * Brings the schedule of a model's cycles to what its spec says.
 * @throws {RatchetError} SpecInvalid: schedules in more than one time zone, or a cron line that the server refuses
 */
export async function applySchedule(client: Client, spec: ModelSpec): Promise<ScheduleChange> {
  const plan = planSchedule(spec);
  try {
    return await bringSchedule(client, scheduleId(spec.metadata.name), plan);
  } catch (error) {
    throw plan === null ? error : refusedCron(spec, error);
  }
}

/** When the model's schedule asks next for a cycle, ISO 8601; null: never. */
export function nextScheduledAt(client: Client, model: string): Promise<string | null> {
  return nextStartOf(client, scheduleId(model));
}

function planSchedule(spec: ModelSpec): SchedulePlan | null {
  const { schedules } = spec.spec.triggers;
  if (schedules.length === 0) return null;
  const timeZones = [...new Set(schedules.map((schedule) => schedule.timeZone))];
  if (timeZones.length > 1) {
    throw new RatchetError('SpecInvalid', `spec.triggers.schedules: expected one time zone for all, found ${timeZones.join(', ')}`, {
      remedy: 'write the times of one zone, or make two models',
    });
  }
  const model = spec.metadata.name;
  const input: RequestCycleInput = { model };
  const timing = { cronExpressions: schedules.map((schedule) => schedule.cron), timezone: timeZones[0]! };
  // SKIP: requestCycle takes milliseconds; one that hangs must not be piled up. Whether a cycle comes of it, nextTrigger says.
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCHUP_WINDOW };
  const digest = digestOf({ timing, policies, taskQueue: TASK_QUEUE, input });
  return {
    spec: timing,
    policies,
    action: {
      type: 'startWorkflow',
      workflowType: 'requestCycle',
      workflowId: `${lifecycleWorkflowId(model)}/request`,
      taskQueue: TASK_QUEUE,
      args: [input],
      memo: { [MEMO_KEY]: digest },
    },
  };
}

function refusedCron(spec: ModelSpec, error: unknown): RatchetError {
  const lines = spec.spec.triggers.schedules.map(({ cron, timeZone }) => `"${cron}" (${timeZone})`).join(', ');
  const words = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error);
  return new RatchetError('SpecInvalid', `spec.triggers.schedules: the Temporal server refuses ${lines}: ${words}`, {
    remedy: 'expected five fields (minute hour day-of-month month day-of-week) and an IANA time zone',
    cause: error,
  });
}
