import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, CancelledFailure, CompleteAsyncError, Context, type Info } from '@temporalio/activity';
import { ActivityCancelledError, ActivityNotFoundError, ActivityPausedError, ActivityResetError, type Client } from '@temporalio/client';
import { toFailure } from '../activities/to-failure.js';
import type { RunWatch, WatchSeat } from '../activities/watch-seat.js';
import { RatchetError } from '../domain/failure.js';

/** A job that ends at once is answered from its slot. */
const slotMs = 1000;
/** People look at what a watch says: also one that may be silent for an hour says it so often. */
const heartbeatMsMax = 30_000;
/** Of each try of a call; the connection tries again by itself for some ten seconds. */
const callMsMax = 10_000;
const againMsMax = 5000;
/** Of heartbeats: while the server is away each waits for its answer, and thousands would take room. */
const callsMax = 256;
/** After the time in which a watch may be silent the server has given it on. */
const lostMs = 5000;
/** Within the time that a worker has for its end. */
const closeMsMax = 10_000;

/** Whose watch it is. */
export type WatchedActivity = Pick<Info, 'activityType' | 'attempt'> & { readonly workflowId: string };

export interface DetachOptions {
  /** So many watches go on without a slot; any more keep theirs until there is room. */
  readonly countMax: number;
  /** Hears of each watch that failed without a slot: no interceptor sees those. */
  readonly failed: (activity: WatchedActivity, failure: Error) => void;
  /** Hears once of each watch that the server would not hear of. */
  readonly unheard: (activity: WatchedActivity, error: Error) => void;
  /** Hears how many go on without a slot, whenever that changes. */
  readonly counted?: (count: number) => void;
}

export interface DetachedWatches {
  readonly run: RunWatch;
  /** Gives the watches back, so that another worker goes on with them soon. */
  close(): Promise<void>;
}

/** How a watch ended; null: well. One that is given back has not failed. */
type End = { readonly error: unknown; readonly isGivenBack?: true } | null;

/** One watch, and who hears of it: the activity in its slot first, the server later. */
interface Going {
  end: End | undefined;
  heartbeat: (details: unknown) => void;
  ended: (end: End) => void;
  readonly abort: AbortController;
}

/** What the server knows a watch by that has no slot any more. */
interface Ticket {
  readonly client: Client;
  readonly token: Uint8Array;
  readonly activity: WatchedActivity;
  readonly heartbeatTimeoutMs: number;
  /** When the server last heard of it. */
  heardMs: number;
  /** What it was last to hear. */
  details: unknown;
  isUnheard: boolean;
}

/**
 * Watches that leave their activity's slot after a second, and are answered when they end: what the SDK keeps for each activity in a slot
 * is too much where a worker watches thousands of jobs. To the server nothing differs: a watch that falls silent times out, and another
 * worker goes on with it.
 */
export function detachWatches({ countMax, failed, unheard, counted }: DetachOptions): DetachedWatches {
  // In the activity's own context each watch would hold all that the SDK keeps for it.
  const outside = new AsyncResource('DetachedWatches');
  const detached = new Map<Going, Ticket>();
  const answers = new Set<Promise<void>>();
  let calls = 0;
  let isClosed = false;
  const looking = setInterval(leaveLost, lostMs).unref();
  return { run, close };

  async function run(watch: (seat: WatchSeat) => Promise<void>): Promise<void> {
    const context = Context.current();
    const { info, client, cancellationSignal } = context;
    const going = outside.runInAsyncScope(() => begin(watch, client, info));
    going.heartbeat = (details) => context.heartbeat(details);
    const cancel = (): void => going.abort.abort(cancellationSignal.reason);
    cancellationSignal.addEventListener('abort', cancel);
    if (cancellationSignal.aborted) cancel();
    while (going.end === undefined) {
      await endOrTime(going, slotMs);
      const hasRoom = !isClosed && detached.size < countMax && (info.heartbeatTimeoutMs ?? 0) > 0;
      if (going.end !== undefined || cancellationSignal.aborted || !hasRoom) continue;
      cancellationSignal.removeEventListener('abort', cancel);
      detach(going, ticketOf(info, client));
      throw new CompleteAsyncError();
    }
    if (going.end !== null) throw going.end.error;
  }

  function detach(going: Going, ticket: Ticket): void {
    detached.set(going, ticket);
    counted?.(detached.size);
    let dueMs = 0;
    let isAsking = false;
    going.ended = (end) => leave(going, end);
    going.heartbeat = (details) => {
      ticket.details = details;
      if (isAsking || performance.now() < dueMs || calls >= callsMax) return;
      isAsking = true;
      calls++;
      const { heartbeatTimeoutMs } = ticket;
      void heartbeatOf(ticket)
        .then(
          () => (dueMs = performance.now() + Math.min(heartbeatMsMax, heartbeatTimeoutMs / 2)),
          (error: unknown) => {
            dueMs = performance.now() + Math.min(heartbeatMsMax, heartbeatTimeoutMs / 8);
            heartbeatFailed(going, ticket, error);
          },
        )
        .finally(() => {
          isAsking = false;
          calls--;
        });
    };
  }

  function heartbeatFailed(going: Going, ticket: Ticket, error: unknown): void {
    if (!detached.has(going)) return;
    if (error instanceof ActivityNotFoundError) forget(going);
    else if (error instanceof ActivityCancelledError) leave(going, { error: new CancelledFailure(error.message) });
    else if (error instanceof ActivityPausedError || error instanceof ActivityResetError) leave(going, givenBack(error.message));
    else return notHeard(ticket, error);
    going.abort.abort(new CancelledFailure('nobody waits for this watch'));
  }

  /** The server has given them on: it heard nothing of them for longer than it waits. */
  function leaveLost(): void {
    const nowMs = performance.now();
    for (const [going, { heardMs, heartbeatTimeoutMs }] of detached) {
      if (nowMs - heardMs <= heartbeatTimeoutMs + lostMs) continue;
      forget(going);
      going.abort.abort(new CancelledFailure('the server did not hear of this watch for too long'));
    }
  }

  function forget(going: Going): void {
    detached.delete(going);
    counted?.(detached.size);
  }

  /** The server hears of the end, once. */
  function leave(going: Going, end: End): void {
    const ticket = detached.get(going);
    if (ticket === undefined) return;
    forget(going);
    const answer = tell(ticket, end)
      .catch((error: unknown) => notHeard(ticket, error))
      .finally(() => answers.delete(answer));
    answers.add(answer);
  }

  async function tell(ticket: Ticket, end: End): Promise<void> {
    const { client, token, activity } = ticket;
    if (end === null) return asked(ticket, () => client.activity.complete(token, undefined));
    const failure = toFailure(end.error, { attempt: activity.attempt, isCancelled: false });
    if (failure instanceof CancelledFailure) return asked(ticket, () => client.activity.reportCancellation(token));
    if (end.isGivenBack !== true) failed(activity, failure);
    // What was not heard yet goes before the failure, which cannot carry it: the next try goes on with it.
    const isAgain = failure instanceof ApplicationFailure && failure.nonRetryable !== true;
    if (isAgain && ticket.details !== undefined) await heartbeatOf(ticket).catch(() => undefined);
    return asked(ticket, () => client.activity.fail(token, failure));
  }

  /** Asked until the server has it or knows the watch no more; after the time that it may be silent it is another worker's. */
  async function asked(ticket: Ticket, call: () => Promise<void>): Promise<void> {
    const untilMs = performance.now() + ticket.heartbeatTimeoutMs + lostMs;
    for (let waitMs = 100; performance.now() < untilMs; waitMs = Math.min(againMsMax, 2 * waitMs)) {
      try {
        return await inTime(ticket.client, call);
      } catch (error) {
        if (error instanceof ActivityNotFoundError) return;
        notHeard(ticket, error);
      }
      await sleep(waitMs, undefined, { ref: false });
    }
  }

  function notHeard(ticket: Ticket, error: unknown): void {
    if (ticket.isUnheard) return;
    ticket.isUnheard = true;
    unheard(ticket.activity, error instanceof Error ? error : new Error(String(error)));
  }

  async function close(): Promise<void> {
    isClosed = true;
    clearInterval(looking);
    for (const going of detached.keys()) {
      leave(going, givenBack('the worker that watched ends'));
      going.abort.abort(new CancelledFailure('the worker ends'));
    }
    await Promise.race([Promise.all(answers), sleep(closeMsMax, undefined, { ref: false })]);
  }
}

/** Apart from the activity: nothing here holds on to it. */
function begin(watch: (seat: WatchSeat) => Promise<void>, client: Client, info: Info): Going {
  const { heartbeatDetails, heartbeatTimeoutMs, workflowExecution } = info;
  const { workflowId, runId } = workflowExecution!;
  const going: Going = { end: undefined, heartbeat: () => undefined, ended: () => undefined, abort: new AbortController() };
  const seat = { ...hearing(going, client, workflowId, runId), heartbeatDetails, heartbeatTimeoutMs };
  void watch(seat).then(
    () => over(null),
    (error: unknown) => over({ error }),
  );
  return going;

  function over(end: End): void {
    going.end = end;
    going.ended(end);
  }
}

function hearing(
  going: Going,
  client: Client,
  workflowId: string,
  runId: string,
): Pick<WatchSeat, 'signal' | 'heartbeat' | 'signalWorkflow'> {
  return {
    signal: going.abort.signal,
    heartbeat: (details) => going.heartbeat(details),
    async signalWorkflow(name, value) {
      await inTime(client, () => client.workflow.getHandle(workflowId, runId).signal(name, value)).catch(() => undefined);
    },
  };
}

/** Of the token a copy: as it came, it is a part of the whole task. */
function ticketOf({ taskToken, activityType, attempt, workflowExecution, heartbeatTimeoutMs }: Info, client: Client): Ticket {
  return {
    client,
    token: Uint8Array.from(taskToken),
    activity: { activityType, attempt, workflowId: workflowExecution!.workflowId },
    heartbeatTimeoutMs: heartbeatTimeoutMs!,
    heardMs: performance.now(),
    details: undefined,
    isUnheard: false,
  };
}

/** Returns when the watch has ended or the time is over. */
async function endOrTime(going: Going, ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    going.ended = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

async function heartbeatOf(ticket: Ticket): Promise<void> {
  const { client, token, details } = ticket;
  await inTime(client, () => client.activity.heartbeat(token, details));
  ticket.heardMs = performance.now();
}

function inTime<T>(client: Client, call: () => Promise<T>): Promise<T> {
  return client.withDeadline(Date.now() + callMsMax, call);
}

function givenBack(why: string): NonNullable<End> {
  const remedy = 'nothing is to be done: a worker goes on with it';
  return { error: new RatchetError('WatchEnded', `the watch is given back: ${why}`, { remedy }), isGivenBack: true };
}
