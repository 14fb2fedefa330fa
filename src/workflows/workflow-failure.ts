import { ActivityFailure, ApplicationFailure, isCancellation, TemporalFailure, TimeoutFailure } from '@temporalio/workflow';
import { FAILURE_CLASS, isFailureType, type Failure, type FailureType } from '../domain/failure.js';

/** Refuses a message to the sender's face. */
export function refuse(reason: string): never {
  throw ApplicationFailure.create({ type: 'RequestRefused' satisfies FailureType, message: reason, nonRetryable: true });
}

/** A failure of our own, final for this workflow. */
export function failWith(failure: Failure): ApplicationFailure {
  return ApplicationFailure.create({ type: failure.type, message: failure.message, nonRetryable: true, details: [failure] });
}

/** Whatever was caught, as the failure that people and the ledger get. Cancellation is an abort. */
export function failureOf(error: unknown): Failure {
  if (isCancellation(error)) return { type: 'CycleAborted', class: FAILURE_CLASS.CycleAborted, message: 'cancelled', remedy: '' };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return applicationFailure(cause);
  if (cause instanceof TimeoutFailure) {
    const lastCause = cause.cause instanceof ApplicationFailure ? applicationFailure(cause.cause) : null;
    return (
      lastCause ?? {
        type: 'Unexpected',
        class: FAILURE_CLASS.Unexpected,
        message: `timed out: ${cause.message}`,
        remedy: 'look at the worker’s log, then: ratchet retry',
      }
    );
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return { type: 'Unexpected', class: FAILURE_CLASS.Unexpected, message, remedy: 'look at the worker’s log, then: ratchet retry' };
}

/** How far the job was that failed, where it said so; null: nobody knows. */
export function lastStepOf(error: unknown): number | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const step = cause instanceof ApplicationFailure ? (cause.details?.[2] as { step?: unknown } | null | undefined)?.step : undefined;
  return typeof step === 'number' ? step : null;
}

/**
 * As `failureOf`, for the lifecycle, which lives for ever: a mistake in our own code is thrown on. The workflow task then
 * fails and is tried again, with mended code at last, and no wish is dropped for it.
 */
export function foreseenFailureOf(error: unknown): Failure {
  if (error instanceof TemporalFailure) return failureOf(error);
  throw error;
}

/** A failure as one text, with what a person can do about it: for places that have no field of their own for the remedy. */
export function inWords({ message, remedy }: Failure): string {
  return remedy === '' ? message : `${message} → ${remedy}`;
}

function applicationFailure(failure: ApplicationFailure): Failure {
  const type = isFailureType(failure.type) ? failure.type : 'Unexpected';
  const details = failure.details?.[0] as Partial<Failure> | undefined;
  const tail = failure.details?.[1];
  return {
    type,
    class: FAILURE_CLASS[type],
    message: typeof tail === 'string' && tail !== '' ? `${failure.message}\n${tail}` : failure.message,
    remedy: details?.remedy ?? '',
  };
}
