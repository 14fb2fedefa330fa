import { ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client, ScheduleOptions, ScheduleOptionsStartWorkflowAction, Workflow } from '@temporalio/client';
import { digestOf } from '../domain/digest.js';
import type { Digest } from '../domain/digest.js';
import { RatchetError } from '../domain/failure.js';
import type { ModelSpec } from '../domain/model-spec.js';
import type { RequestCycleInput } from '../workflows/messages.js';
import { TASK_QUEUE, lifecycleWorkflowId, scheduleId } from '../workflows/messages.js';

export type ScheduleChange = 'created' | 'updated' | 'deleted' | 'unchanged' | 'none';

/** After a stop of the server, what was missed within this time is made up for. */
const CATCHUP_WINDOW = '1 day';
const MEMO_KEY = 'ratchetSchedule';

type Plan = Pick<ScheduleOptions<ScheduleOptionsStartWorkflowAction<Workflow>>, 'spec' | 'action' | 'policies'>;

/**
 * Brings a model's Temporal Schedule to what its spec says: made, changed, taken away, or not touched at all. A pause set
 * by hand in the Temporal UI is kept.
 * @throws {RatchetError} SpecInvalid: schedules in more than one time zone, or a cron line that the server refuses
 */
export async function applySchedule(client: Client, spec: ModelSpec): Promise<ScheduleChange> {
  const model = spec.metadata.name;
  const handle = client.schedule.getHandle(scheduleId(model));
  const plan = planSchedule(spec);
  const current = await currentDigest(client, model);
  if (plan === null) {
    if (current === undefined) return 'none';
    await handle.delete();
    return 'deleted';
  }
  if (current === plan.action.memo?.[MEMO_KEY]) return 'unchanged';
  try {
    if (current === undefined) {
      await client.schedule.create({ scheduleId: scheduleId(model), ...plan });
      return 'created';
    }
    await handle.update(({ state }) => ({ ...plan, state: { paused: state.paused, ...(state.note ? { note: state.note } : {}) } }));
    return 'updated';
  } catch (error) {
    throw refusedCron(spec, error);
  }
}

/** The digest that the schedule was last made from; undefined: there is no schedule; null: one that others made. */
async function currentDigest(client: Client, model: string): Promise<Digest | null | undefined> {
  try {
    const { action } = await client.schedule.getHandle(scheduleId(model)).describe();
    return (action.memo?.[MEMO_KEY] as Digest | undefined) ?? null;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

function planSchedule(spec: ModelSpec): Plan | null {
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
