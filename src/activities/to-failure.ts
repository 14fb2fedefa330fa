import { activityInfo, ApplicationFailure, CancelledFailure, CompleteAsyncError, cancellationSignal } from '@temporalio/activity';
import { FAILURE_CLASS, isRetryable, RatchetError, type Failure } from '../domain/failure.js';

/** Some ten minutes, at the workflows' backoff. */
const UNFORESEEN_ATTEMPTS_MAX = 25;

/**
 * Our errors become `ApplicationFailure`s that carry their type, class and remedy; cancellation passes through. What we
 * did not foresee is retried (it may pass) and bounded by the workflow's retry policy.
 * @param attempt which of Temporal's tries this was: what we did not foresee and comes again this often is no passing trouble.
 * @param lastStep of a job that failed: how far it was, where it said so; the third of the details.
 * @param isFinal asking again would find the same: Temporal must not, whatever the class says.
 * @param isCancelled whether the activity is; absent: asked of the one that runs here.
 */
export function toFailure(
  error: unknown,
  {
    isFinal = false,
    attempt = 1,
    isCancelled,
    lastStep,
  }: { isFinal?: boolean; attempt?: number; isCancelled?: boolean; lastStep?: number | undefined } = {},
): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure || error instanceof CompleteAsyncError) return error;
  if (error instanceof RatchetError) {
    const failure: Failure = { type: error.type, class: error.class, message: error.message, remedy: error.remedy };
    return ApplicationFailure.create({
      type: error.type,
      message: error.message,
      nonRetryable: isFinal || !isRetryable(error.class),
      details: [failure, error.detail ?? null, ...(lastStep === undefined ? [] : [{ step: lastStep }])],
    });
  }
  // A request that somebody else gave up is no cancellation of ours: the cycle must not end as aborted for it.
  if (error instanceof Error && error.name === 'AbortError' && (isCancelled ?? cancellationSignal().aborted))
    return new CancelledFailure(error.message);
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  // A value out of range and a document of another shape are so again a second later.
  const isForGood =
    isFinal || attempt >= UNFORESEEN_ATTEMPTS_MAX || error instanceof RangeError || (error instanceof Error && error.name === 'ZodError');
  const failure: Failure = {
    type: 'Unexpected',
    class: FAILURE_CLASS.Unexpected,
    message,
    remedy: 'look at the worker’s log; if it comes again, report it',
  };
  return ApplicationFailure.create({
    type: 'Unexpected',
    message,
    nonRetryable: isForGood,
    details: [failure, null],
    ...(error instanceof Error ? { cause: error } : {}),
  });
}

/** Wraps each activity so that every error that leaves it is an `ApplicationFailure`. */
export function withFailures<A extends object>(activities: A): A {
  const wrapped: Record<string, unknown> = {};
  for (const [name, activity] of Object.entries(activities) as [string, (...args: unknown[]) => Promise<unknown>][]) {
    wrapped[name] = async (...args: unknown[]) => {
      try {
        return await activity(...args);
      } catch (error) {
        throw toFailure(error, { attempt: activityInfo().attempt });
      }
    };
  }
  return wrapped as A;
}
