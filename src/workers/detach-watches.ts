import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, CancelledFailure, CompleteAsyncError, Context, type Info } from '@temporalio/activity';
import { ActivityCancelledError, ActivityNotFoundError, ActivityPausedError, ActivityResetError, type Client } from '@temporalio/client';
import { toFailure } from '../activities/to-failure.js';
import { signalWorkflow, type RunWatch, type WatchSeat } from '../activities/watch-seat.js';
import { RatchetError } from '../domain/failure.js';
import { createCallGate } from './call-gate.js';
import { createWatchTicket, type WatchedActivity, type WatchTicket } from './watch-ticket.js';

/** A job that ends at once is answered from its slot. */
const slotMs = 1000;
/** People look at what a watch says: also one that may be silent for an hour says it so often. */
const heartbeatMsMax = 30_000;
/** While the server is away each call waits for its answer, and thousands would take room. */
const callsMax = 256;
/** After the time in which a watch may be silent, and this, the server has given it on. */
const lostMs = 5000;
/** Within the time that a worker has for its end. */
const closeMsMax = 10_000;

export interface DetachOptions {
  /** So many watches go on without a slot; any more keep theirs until there is room. */
  readonly countMax: number;
  /** Hears of each watch that failed without a slot: no interceptor sees those. */
  readonly failed: (activity: WatchedActivity, failure: Error) => void;
  /** Hears, once for each silence, of a watch that the server would not hear of. */
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
  /** What it said last. */
  details: unknown;
  heartbeat: () => void;
  ended: (end: End) => void;
  readonly abort: AbortController;
}

/**
 * Watches that leave their activity's slot after a second, and are answered when they end: what the SDK keeps for each activity in a slot
 * is too much where a worker watches thousands of jobs. To the server nothing differs: a watch that falls silent times out, and another
 * worker goes on with it.
 */
export function detachWatches({ countMax, failed, unheard, counted }: DetachOptions): DetachedWatches {
  // In the activity's own context each watch would hold all that the SDK keeps for it.
  const outside = new AsyncResource('DetachedWatches');
  const gate = createCallGate(callsMax);
  const detached = new Map<Going, WatchTicket>();
  const answers = new Set<Promise<void>>();
  let isClosed = false;
  const looking = setInterval(leaveLost, lostMs).unref();
  return { run, close };

  async function run(watch: (seat: WatchSeat) => Promise<void>): Promise<void> {
    const context = Context.current();
    const { info, client, cancellationSignal } = context;
    const going = outside.runInAsyncScope(() => begin(watch, client, info));
    going.heartbeat = () => context.heartbeat(going.details);
    const cancel = (): void => going.abort.abort(cancellationSignal.reason);
    cancellationSignal.addEventListener('abort', cancel);
    if (cancellationSignal.aborted) cancel();
    while (going.end === undefined) {
      await endOrTime(going, slotMs);
      const hasRoom = !isClosed && detached.size < countMax && (info.heartbeatTimeoutMs ?? 0) > 0;
      if (going.end !== undefined || cancellationSignal.aborted || !hasRoom) continue;
      cancellationSignal.removeEventListener('abort', cancel);
      detach(going, createWatchTicket(info, client, { gate, unheard }));
      throw new CompleteAsyncError();
    }
    if (going.end !== null) throw going.end.error;
  }

  function detach(going: Going, ticket: WatchTicket): void {
    detached.set(going, ticket);
    counted?.(detached.size);
    const { heartbeatTimeoutMs } = ticket;
    let dueMs = 0;
    let isAsking = false;
    going.ended = (end) => leave(going, end);
    going.heartbeat = () => {
      if (isAsking || performance.now() < dueMs) return;
      isAsking = true;
      void ticket
        .heartbeat(going.details)
        .then(
          () => (dueMs = performance.now() + Math.min(heartbeatMsMax, heartbeatTimeoutMs / 2)),
          (error: unknown) => {
            dueMs = performance.now() + Math.min(heartbeatMsMax, heartbeatTimeoutMs / 8);
            heartbeatFailed(going, error);
          },
        )
        .finally(() => (isAsking = false));
    };
  }

  /** Where it was not to be had, the watch says the next thing to it. */
  function heartbeatFailed(going: Going, error: unknown): void {
    if (!detached.has(going)) return;
    if (error instanceof ActivityNotFoundError) forget(going);
    else if (error instanceof ActivityCancelledError) leave(going, { error: new CancelledFailure(error.message) });
    else if (error instanceof ActivityPausedError || error instanceof ActivityResetError) leave(going, givenBack(error.message));
    else return;
    going.abort.abort(new CancelledFailure('nobody waits for this watch'));
  }

  /** The server has given them on: it heard nothing of them for longer than it waits. */
  function leaveLost(): void {
    for (const [going, ticket] of detached) {
      if (ticket.silentMs() <= ticket.heartbeatTimeoutMs + lostMs) continue;
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
    const answer = tell(ticket, end, going.details)
      .catch((error: Error) => unheard(ticket.activity, error))
      .finally(() => answers.delete(answer));
    answers.add(answer);
  }

  async function tell(ticket: WatchTicket, end: End, details: unknown): Promise<void> {
    if (end === null) return ticket.complete();
    const { activity } = ticket;
    const failure = toFailure(end.error, { attempt: activity.attempt, isCancelled: false });
    if (failure instanceof CancelledFailure) return ticket.reportCancellation();
    if (end.isGivenBack !== true) failed(activity, failure);
    const isAgain = failure instanceof ApplicationFailure && failure.nonRetryable !== true;
    return ticket.fail(failure, isAgain ? { details } : null);
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
  const going: Going = {
    end: undefined,
    details: heartbeatDetails,
    heartbeat: () => undefined,
    ended: () => undefined,
    abort: new AbortController(),
  };
  const workflow = { ...workflowExecution! };
  const seat = {
    heartbeatDetails,
    heartbeatTimeoutMs,
    signal: going.abort.signal,
    heartbeat(details: unknown) {
      going.details = details;
      going.heartbeat();
    },
    signalWorkflow: (name: string, value: unknown) => signalWorkflow(client, workflow, name, value),
  };
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

function givenBack(why: string): NonNullable<End> {
  const remedy = 'nothing is to be done: a worker goes on with it';
  return { error: new RatchetError('WatchEnded', `the watch is given back: ${why}`, { remedy }), isGivenBack: true };
}
