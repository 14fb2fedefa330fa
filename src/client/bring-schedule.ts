import { ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';
import type { Client, ScheduleOptions, ScheduleOptionsStartWorkflowAction, Workflow } from '@temporalio/client';
import type { Digest } from '../domain/digest.js';

export type ScheduleChange = 'created' | 'updated' | 'deleted' | 'unchanged' | 'none';
export type SchedulePlan = Pick<ScheduleOptions<ScheduleOptionsStartWorkflowAction<Workflow>>, 'spec' | 'action' | 'policies'>;

/** After a stop of the server, what was missed within this time is made up for. */
export const CATCHUP_WINDOW = '1 day';
/** The memo that says what a schedule was made from. */
export const MEMO_KEY = 'ratchetSchedule';

/**
 * Brings a Temporal Schedule to its plan: made, changed, taken away (null), or not touched at all. A pause set by hand in
 * the Temporal UI is kept.
 */
export async function bringSchedule(client: Client, scheduleId: string, plan: SchedulePlan | null): Promise<ScheduleChange> {
  const handle = client.schedule.getHandle(scheduleId);
  const current = await currentDigest(client, scheduleId);
  if (plan === null) {
    if (current === undefined) return 'none';
    await handle.delete();
    return 'deleted';
  }
  if (current === plan.action.memo?.[MEMO_KEY]) return 'unchanged';
  if (current === undefined) {
    try {
      await client.schedule.create({ scheduleId, ...plan });
      return 'created';
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error; // somebody else has made it since
    }
  }
  await handle.update(({ state }) => ({ ...plan, state: { paused: state.paused, ...(state.note ? { note: state.note } : {}) } }));
  return 'updated';
}

/** The digest that the schedule was last made from; undefined: there is no schedule; null: one that others made. */
async function currentDigest(client: Client, scheduleId: string): Promise<Digest | null | undefined> {
  try {
    const { action } = await client.schedule.getHandle(scheduleId).describe();
    return (action.memo?.[MEMO_KEY] as Digest | undefined) ?? null;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/** When a Schedule starts something next, ISO 8601; null: it is paused, or there is none. */
export async function nextStartOf(client: Client, id: string): Promise<string | null> {
  try {
    const { info, state } = await client.schedule.getHandle(id).describe();
    return state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null);
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}
