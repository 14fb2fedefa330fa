import { RatchetError } from '../../domain/failure.js';
import type { FailureType } from '../../domain/failure.js';
import { isExpired } from '../s3/s3-error.js';

/** Who asked: what its failures are called. */
export interface AskedFor {
  readonly unavailable: FailureType;
  readonly full: FailureType;
  readonly refused: FailureType;
}

const askedForJobs: AskedFor = { unavailable: 'ClusterUnavailable', full: 'ClusterFull', refused: 'JobSpecInvalid' };
export const askedForVersions: AskedFor = { unavailable: 'RegistryUnavailable', full: 'RegistryUnavailable', refused: 'RegistryRefused' };

const denied = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'IncompleteSignature',
  'MissingAuthenticationTokenException',
  'OptInRequired',
]);
const refused = new Set(['ValidationException', 'ValidationError', 'ResourceNotFound', 'ConflictException', 'UnknownOperationException']);

/**
 * What SageMaker's answer means for the loop. The SDK has already tried passing ones several times. Credentials that have run
 * out are somebody's to renew, and what runs there goes on meanwhile: that is no reason to give a job of three weeks up.
 */
export function explainSageMakerError(error: unknown, said: string, { unavailable, full, refused: refusal }: AskedFor): unknown {
  if (error instanceof RatchetError || !(error instanceof Error)) return error;
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  const message = `${said}: ${status ? `HTTP ${status} ` : ''}${error.name}${error.message && error.message !== error.name ? ` ${error.message}` : ''}`;
  if (isExpired(error) || error.name === 'CredentialsProviderError')
    return new RatchetError(unavailable, message, { remedy: 'renew the worker’s AWS credentials; the loop then goes on by itself' });
  if (denied.has(error.name) || status === 401 || status === 403)
    return new RatchetError('AccessDenied', message, {
      remedy: 'give the worker’s role what the policies in deploy/sagemaker list; check AWS_REGION',
    });
  if (error.name === 'ResourceLimitExceeded')
    return new RatchetError(full, message, {
      remedy: 'wait for other jobs to end, ask AWS for a larger quota, or name another machine type; the loop then goes on by itself',
    });
  if (refused.has(error.name))
    return new RatchetError(refusal, message, { remedy: 'correct what the message names, apply, then: ratchet retry' });
  return new RatchetError(unavailable, message, { remedy: 'nothing where it passes; else look at the state of SageMaker in this Region' });
}

/** @param patient the job runs on, whatever its watcher may see: that is no reason to give it up */
export function explainJobError(error: unknown, operation: string, name: string, { patient = false } = {}): unknown {
  const found = explainSageMakerError(error, `SageMaker ${operation} ${name}`, askedForJobs);
  if (!patient || !(found instanceof RatchetError) || found.class === 'transient') return found;
  return new RatchetError('ClusterUnavailable', found.message, { remedy: found.remedy });
}

/** SageMaker has two words for it. */
function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'ResourceNotFound') return true;
  return error.name === 'ValidationException' && /not found|could not find|does not exist/i.test(error.message);
}

/** @returns null: SageMaker knows no such thing */
export async function unlessMissing<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

export function isNameTaken(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'ResourceInUse' || (error.name === 'ValidationException' && /already exist/i.test(error.message)))
  );
}
