import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledFailure, CompleteAsyncError, Context, type Info } from '@temporalio/activity';
import { ActivityCancelledError, ActivityNotFoundError, ActivityPausedError, ActivityResetError, type Client } from '@temporalio/client';
import { toFailure } from '../activities/to-failure.js';
import type { RunWatch, WatchSeat } from '../activities/watch-seat.js';
import { RatchetError } from '../domain/failure.js';

/** A job that ends at once is answered from its slot. */
const slotMs = 1000;
/** So long may the server take to answer one call. */
const callMsMax = 10_000;
const againMsMax = 5000;
/** Within the time that a worker has for its end. */
const closeMsMax = 10_000;

export interface DetachOptions {
  /** So many watches go on without a slot; any more keep theirs. */
  readonly countMax: number;
  /** Hears of each watch that failed without a slot: no interceptor sees those. */
  readonly failed: (activityType: string, failure: Error) => void;
}

export interface DetachedWatches {
  readonly run: RunWatch;
  /** Gives the watches back, so that another worker goes on with them at once. */
  close(): Promise<void>;
}

/** How a watch ended; null: well. */
type End = { readonly error: unknown } | null;

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
  readonly activityType: string;
  readonly attempt: number;
  readonly heartbeatMs: number;
}

/**
 * Watches that leave their activity's slot after a second, and are answered when they end: what the SDK keeps for each activity in a slot
 * is too much where a worker watches thousands of jobs. To the server nothing differs: a watch that falls silent times out, and another
 * worker goes on with it.
 */
export function detachWatches({ countMax, failed }: DetachOptions): DetachedWatches {
  // In the activity's own context each watch would hold all that the SDK keeps for it.
  const outside = new AsyncResource('DetachedWatches');
  const detached = new Map<Going, Ticket>();
  const answers = new Set<Promise<void>>();
  let isClosed = false;
  return { run, close };

  async function run(watch: (seat: WatchSeat) => Promise<void>): Promise<void> {
    const context = Context.current();
    const { info, client, cancellationSignal } = context;
    const going = outside.runInAsyncScope(() => begin(watch, client, info));
    going.heartbeat = (details) => context.heartbeat(details);
    const cancel = (): void => going.abort.abort(cancellationSignal.reason);
    cancellationSignal.addEventListener('abort', cancel);
    await endOrTime(going, slotMs);
    const mayLeave = !isClosed && !cancellationSignal.aborted && detached.size < countMax && (info.heartbeatTimeoutMs ?? 0) > 0;
    if (going.end === undefined && mayLeave) {
      cancellationSignal.removeEventListener('abort', cancel);
      detach(going, ticketOf(info, client));
      throw new CompleteAsyncError();
    }
    await endOrTime(going);
    if (going.end != null) throw going.end.error;
  }

  function detach(going: Going, ticket: Ticket): void {
    detached.set(going, ticket);
    let dueMs = 0;
    let isAsking = false;
    going.ended = (end) => leave(going, end);
    going.heartbeat = (details) => {
      if (isAsking || performance.now() < dueMs) return;
      isAsking = true;
      void ask(ticket, () => ticket.client.activity.heartbeat(ticket.token, details))
        .then(
          () => (dueMs = performance.now() + ticket.heartbeatMs),
          (error: unknown) => heartbeatFailed(going, error), // where the server was not to be had, the next look is told
        )
        .finally(() => (isAsking = false));
    };
  }

  function heartbeatFailed(going: Going, error: unknown): void {
    if (error instanceof ActivityNotFoundError)
      detached.delete(going); // over, timed out or with another worker
    else if (error instanceof ActivityCancelledError) leave(going, { error: new CancelledFailure(error.message) });
    else if (error instanceof ActivityPausedError || error instanceof ActivityResetError) leave(going, { error: givenBack(error.message) });
    else return;
    going.abort.abort(new CancelledFailure('nobody waits for this watch'));
  }

  /** The server hears of the end, once. */
  function leave(going: Going, end: End): void {
    const ticket = detached.get(going);
    if (ticket === undefined) return;
    detached.delete(going);
    const answer = tell(ticket, end).finally(() => answers.delete(answer));
    answers.add(answer);
  }

  async function tell(ticket: Ticket, end: End): Promise<void> {
    const { client, token, activityType, attempt } = ticket;
    if (end === null) return asked(ticket, () => client.activity.complete(token, undefined));
    const failure = toFailure(end.error, { attempt, isCancelled: false });
    if (failure instanceof CancelledFailure) return asked(ticket, () => client.activity.reportCancellation(token));
    if (!isClosed) failed(activityType, failure);
    return asked(ticket, () => client.activity.fail(token, failure));
  }

  async function close(): Promise<void> {
    isClosed = true;
    for (const going of detached.keys()) {
      leave(going, { error: givenBack('the worker that watched ends') });
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
      await client.workflow
        .getHandle(workflowId, runId)
        .signal(name, value)
        .catch(() => undefined);
    },
  };
}

/** A copy of the token alone: as it came, it is a part of the whole task. */
function ticketOf({ taskToken, activityType, attempt, heartbeatTimeoutMs }: Info, client: Client): Ticket {
  return { client, token: Uint8Array.from(taskToken), activityType, attempt, heartbeatMs: heartbeatTimeoutMs! / 2 };
}

/** Returns when the watch has ended or, where a time is given, that is over. */
async function endOrTime(going: Going, ms?: number): Promise<void> {
  if (going.end !== undefined) return;
  await new Promise<void>((resolve) => {
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    going.ended = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

function ask<T>({ client }: Ticket, call: () => Promise<T>): Promise<T> {
  return client.withDeadline(Date.now() + callMsMax, call);
}

/** Asked until the server has it, or knows the watch no more: it was silent for too long, and another worker goes on with it. */
async function asked(ticket: Ticket, call: () => Promise<void>): Promise<void> {
  for (let waitMs = 100; ; waitMs = Math.min(againMsMax, 2 * waitMs)) {
    try {
      return await ask(ticket, call);
    } catch (error) {
      if (error instanceof ActivityNotFoundError) return;
    }
    await sleep(waitMs, undefined, { ref: false });
  }
}

/** Tried again at once, by whoever is there. */
function givenBack(why: string): RatchetError {
  return new RatchetError('WatchEnded', `the watch is given back: ${why}`, { remedy: 'another worker goes on with it by itself' });
}
