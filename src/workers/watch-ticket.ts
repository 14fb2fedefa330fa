import { setTimeout as sleep } from 'node:timers/promises';
import type { Info } from '@temporalio/activity';
import { ActivityCancelledError, ActivityNotFoundError, ActivityPausedError, ActivityResetError, type Client } from '@temporalio/client';
import type { CallGate } from './call-gate.js';

/** Of each try of a call; the connection tries again by itself for some ten seconds. */
const callMsMax = 10_000;
const againMsMax = 5000;

/** Whose watch it is. */
export type WatchedActivity = Pick<Info, 'activityType' | 'attempt'> & { readonly workflowId: string };

/** What the server knows a watch by that has no slot any more, and what it hears of it. */
export interface WatchTicket {
  readonly activity: WatchedActivity;
  /** So long may the watch be silent. */
  readonly heartbeatTimeoutMs: number;
  /** How long ago the server last heard of it. */
  silentMs(): number;
  /** Once. @throws {Error} as `AsyncCompletionClient.heartbeat`: it is over, cancelled, paused or reset, or the server is away */
  heartbeat(details: unknown): Promise<void>;
  /** Each until the server has it or knows the watch no more; after the time that it may be silent it is another worker's. */
  complete(): Promise<void>;
  reportCancellation(): Promise<void>;
  /** Where it is to be tried again: with what it said last, or not at all where somebody has cancelled it meanwhile. */
  fail(failure: Error, next: { readonly details: unknown } | null): Promise<void>;
}

export interface TicketOptions {
  readonly gate: CallGate;
  /** Hears, once for each silence, that the server does not hear. */
  readonly unheard: (activity: WatchedActivity, error: Error) => void;
}

export function createWatchTicket(info: Info, client: Client, { gate, unheard }: TicketOptions): WatchTicket {
  const { activityType, attempt, workflowExecution } = info;
  const activity = { activityType, attempt, workflowId: workflowExecution!.workflowId };
  const heartbeatTimeoutMs = info.heartbeatTimeoutMs!;
  const token = Uint8Array.from(info.taskToken); // a copy: as it came, it is a part of the whole task
  let heardMs = performance.now();
  let isUnheard = false;
  return {
    activity,
    heartbeatTimeoutMs,
    silentMs: () => performance.now() - heardMs,
    heartbeat,
    complete: () => untilHeard(() => client.activity.complete(token, undefined)),
    reportCancellation,
    fail,
  };

  async function heartbeat(details: unknown): Promise<void> {
    try {
      await inTime(() => client.activity.heartbeat(token, details));
    } catch (error) {
      notHeard(error);
      throw error;
    }
    [heardMs, isUnheard] = [performance.now(), false];
  }

  function reportCancellation(): Promise<void> {
    return untilHeard(() => client.activity.reportCancellation(token));
  }

  /** A failure carries no details, and one of a watch that was cancelled would be the workflow's: a heartbeat goes before it. */
  async function fail(failure: Error, next: { readonly details: unknown } | null): Promise<void> {
    try {
      if (next !== null) await heartbeat(next.details);
    } catch (error) {
      if (error instanceof ActivityNotFoundError) return;
      if (error instanceof ActivityCancelledError) return reportCancellation();
    }
    return untilHeard(() => client.activity.fail(token, failure));
  }

  async function untilHeard(call: () => Promise<void>): Promise<void> {
    const untilMs = performance.now() + heartbeatTimeoutMs;
    for (let waitMs = 100; performance.now() < untilMs; waitMs = Math.min(againMsMax, 2 * waitMs)) {
      try {
        return await inTime(call);
      } catch (error) {
        if (error instanceof ActivityNotFoundError) return;
        notHeard(error);
      }
      await sleep(waitMs, undefined, { ref: false });
    }
  }

  function notHeard(error: unknown): void {
    if (isUnheard || isAnswer(error)) return;
    isUnheard = true;
    unheard(activity, error instanceof Error ? error : new Error(String(error)));
  }

  function inTime(call: () => Promise<void>): Promise<void> {
    return gate(() => client.withDeadline(Date.now() + callMsMax, call));
  }
}

/** The server's word about the watch. */
function isAnswer(error: unknown): boolean {
  return [ActivityNotFoundError, ActivityCancelledError, ActivityPausedError, ActivityResetError].some((kind) => error instanceof kind);
}
