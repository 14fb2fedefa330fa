import { ApiException } from '@kubernetes/client-node';
import { RatchetError } from '../../../domain/failure.js';
import { statusOf, wordsOf } from '../api-error.js';

/** An error of the API as one of ours, with the server's own sentence. @param what "Deployment m-3" */
export function explainServingError(error: unknown, what: string): RatchetError {
  if (error instanceof RatchetError) return error;
  const status = statusOf(error);
  const said = wordsOf(error);
  const words = `${what}: the Kubernetes API server ${status === null ? 'does not answer' : `said ${status}`}: ${said}`;
  if (isTaken(error))
    return new RatchetError(
      'InstanceConflict',
      `${what}: expected what we have asked for, found that somebody else has changed it: ${said}`,
      {
        remedy: 'nothing was overwritten: set the field back with kubectl, or remove the object, then ratchet retry',
        cause: error,
      },
    );
  if (status === 403 && /exceeded quota/.test(said))
    return new RatchetError('InstanceNotReady', words, {
      remedy: 'raise the namespace’s ResourceQuota, then: ratchet retry',
      cause: error,
    });
  if (status === 401 || status === 403)
    return new RatchetError('AccessDenied', words, {
      remedy: 'give the worker the rights in deploy/kubernetes/serving-rbac.yaml, then: ratchet retry',
      cause: error,
    });
  if (status === 400 || status === 404 || status === 422)
    return new RatchetError('InstanceNotReady', words, {
      remedy: 'mend what the sentence names in serving.cluster, then: ratchet trigger',
      cause: error,
    });
  return new RatchetError('ServingUnavailable', words, { cause: error });
}

/** Another manager holds a field with another value, or a selector is another's. */
function isTaken(error: unknown): boolean {
  if (!(error instanceof ApiException)) return false;
  const said = wordsOf(error);
  return (error.code === 409 && reasonOf(error) === 'Conflict') || (error.code === 422 && /selector.*immutable/s.test(said));
}

/** The API server's short word for it, such as AlreadyExists. */
export function reasonOf(error: unknown): string | null {
  if (!(error instanceof ApiException)) return null;
  const { body } = error as ApiException<unknown>;
  try {
    const { reason } = (typeof body === 'string' ? JSON.parse(body) : body) as { reason?: unknown };
    return typeof reason === 'string' ? reason : null;
  } catch {
    return null;
  }
}
