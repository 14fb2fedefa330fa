import {
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  isGrpcDeadlineError,
  isGrpcServiceError,
} from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { RatchetError, isFailureType } from '../domain/failure.js';

const GRPC_UNAVAILABLE = 14;
const GRPC_FAILED_PRECONDITION = 9;
/** Longer than a worker takes to replay a workflow that it has not in memory. */
const FIRST_PATIENCE_MS = 4000;

/** Whether the workflow does not run: never started, or closed. */
export function isNotRunning(error: unknown): boolean {
  return error instanceof WorkflowNotFoundError;
}

/**
 * One call to a workflow, with an end to the waiting: an update that no worker takes up would wait for ever.
 * @throws {RatchetError} what the workflow refused with, or Unexpected where the server or a worker does not answer.
 *   `WorkflowNotFoundError` passes through: what it means is the caller's to say.
 */
export async function askWorkflow<T>(client: Client, workflowId: string, deadlineSeconds: number, call: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + deadlineSeconds * 1000, call);
  } catch (error) {
    if (isNotRunning(error)) throw error;
    throw toRatchetError(error, workflowId, deadlineSeconds);
  }
}

/**
 * A question that changes nothing. The SDK may lose one that comes while its workflow closes, and then nobody answers it: it is asked
 * again, well before the waiting ends. Throws as `askWorkflow`.
 */
export async function queryWorkflow<T>(client: Client, workflowId: string, deadlineSeconds: number, call: () => Promise<T>): Promise<T> {
  const endsAtMs = Date.now() + deadlineSeconds * 1000;
  for (let patienceMs = FIRST_PATIENCE_MS; ; patienceMs *= 2) {
    const attemptEndsAtMs = Math.min(Date.now() + patienceMs, endsAtMs);
    try {
      return await client.withDeadline(attemptEndsAtMs, call);
    } catch (error) {
      if (isNotRunning(error)) throw error;
      if (!isLate(error) || attemptEndsAtMs === endsAtMs) throw toRatchetError(error, workflowId, deadlineSeconds);
    }
  }
}

function toRatchetError(error: unknown, workflowId: string, deadlineSeconds: number): RatchetError {
  if (error instanceof RatchetError) return error;
  const refusal = error instanceof WorkflowUpdateFailedError || error instanceof WorkflowFailedError ? error.cause : undefined;
  if (refusal instanceof ApplicationFailure) {
    const remedy = remedyOf(refusal.details);
    return new RatchetError(isFailureType(refusal.type) ? refusal.type : 'RequestRefused', refusal.message, { remedy, cause: error });
  }
  if (isUnanswered(error)) {
    return new RatchetError('Unexpected', `no worker answered for workflow ${workflowId} within ${deadlineSeconds} s`, {
      remedy: 'see whether the stack runs (`ratchet up`) and what logs/worker.log in its home says',
      cause: error,
    });
  }
  const grpc = error instanceof ServiceError ? error.cause : error;
  if (isGrpcServiceError(grpc) && grpc.code === GRPC_UNAVAILABLE) {
    return new RatchetError('Unexpected', 'the Temporal server cannot be reached', {
      remedy: 'start it with `ratchet up`, or correct TEMPORAL_ADDRESS',
      cause: error,
    });
  }
  return new RatchetError('Unexpected', error instanceof Error ? error.message : String(error), { cause: error });
}

function isUnanswered(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isLate(error)) return true;
  const grpc = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(grpc) && grpc.code === GRPC_FAILED_PRECONDITION;
}

function isLate(error: unknown): boolean {
  return isGrpcDeadlineError(error) || (error instanceof ServiceError && isGrpcDeadlineError(error.cause));
}

function remedyOf(details: unknown[] | undefined | null): string {
  const first = details?.[0];
  if (typeof first !== 'object' || first === null || !('remedy' in first)) return '';
  return typeof first.remedy === 'string' ? first.remedy : '';
}
