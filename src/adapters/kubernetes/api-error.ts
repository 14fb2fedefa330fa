import { ApiException } from '@kubernetes/client-node';
import { RatchetError } from '../../domain/failure.js';

/** The HTTP status that the API server answered with; null where nothing answered. */
export function statusOf(error: unknown): number | null {
  if (error instanceof ApiException) return error.code;
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : null;
}

/** An error of the API as one of ours, with the server's own sentence. @param what "job m-c3-train-a1: creating it" */
export function explainApiError(error: unknown, what: string): RatchetError {
  if (error instanceof RatchetError) return error;
  const status = statusOf(error);
  const said = wordsOf(error);
  const words = `${what}: ${status === null ? 'the Kubernetes API server does not answer' : `the Kubernetes API server said ${status}`}: ${said}`;
  if (status === 403 && /exceeded quota/.test(said))
    return new RatchetError('ClusterFull', words, { remedy: 'wait, or raise the namespace’s ResourceQuota', cause: error });
  if (status === 401 || status === 403)
    return new RatchetError('AccessDenied', words, {
      remedy: 'give the worker the rights in deploy/kubernetes/worker-rbac.yaml, then: ratchet retry',
      cause: error,
    });
  if (status === 400 || status === 404 || status === 422)
    return new RatchetError('JobSpecInvalid', words, {
      remedy: 'mend what the sentence names in trainer.cluster, then: ratchet retry',
      cause: error,
    });
  return new RatchetError('ClusterUnavailable', words, { cause: error });
}

/** The API server’s own sentence. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiException) {
    const { body } = error as ApiException<unknown>;
    const parsed = typeof body === 'string' ? parse(body) : body;
    const { message } = (parsed ?? {}) as { message?: unknown };
    return typeof message === 'string' ? message.slice(0, 1000) : (JSON.stringify(body) ?? '').slice(0, 300);
  }
  return error instanceof Error ? error.message : String(error);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
