import { RatchetError } from '../../domain/failure.js';

const denied = new Set([
  'AccessDenied',
  'AllAccessDisabled',
  'InvalidAccessKeyId',
  'XAdminUserNotFound', // versitygw's word for it, with HTTP 404
  'SignatureDoesNotMatch',
  'CredentialsProviderError',
  'InvalidToken',
  'AuthorizationHeaderMalformed',
  'PermanentRedirect',
]);
/** As S3 says it, as STS and SSO do. */
const expired = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired']);
const full = new Set(['QuotaExceeded', 'QuotaExceededException', 'XMinioStorageFull', 'InsufficientStorage', 'EntityTooLarge']);

/** What S3's answer means for the loop. The SDK has already tried transient ones several times. */
export function explainS3Error(error: unknown, uri: string, operation: string): unknown {
  if (error instanceof RatchetError || !(error instanceof Error)) return error;
  const status = httpStatus(error);
  const said = `${operation} ${uri}: ${status ? `HTTP ${status} ` : ''}${error.name}${error.message && error.message !== error.name ? ` ${error.message}` : ''}`;
  if (full.has(error.name) || status === 507)
    return new RatchetError('StoreFull', said, { remedy: 'raise the quota of the bucket or free space; the loop then goes on by itself' });
  if (isExpired(error))
    return new RatchetError('AccessDenied', `${said}: the credentials have run out`, {
      remedy:
        'renew them (`aws sso login`, a new AWS_SESSION_TOKEN and a restart of the worker), then `ratchet retry`; a role of the machine or a token file renews itself',
    });
  if (isWithoutLock(error))
    return new RatchetError('StoreUnavailable', said, {
      remedy: 'make a bucket with object lock, or unset RATCHET_LEDGER_LOCK_DAYS and restart the worker; the loop then goes on by itself',
    });
  if (isOfKms(error)) {
    const mend =
      'let the credentials use the key (kms:GenerateDataKey, kms:Decrypt), or correct RATCHET_STORE_KMS_KEY_ID and restart the worker';
    if (status === 403) return new RatchetError('AccessDenied', said, { remedy: `${mend}, then \`ratchet retry\`` });
    return new RatchetError('StoreUnavailable', said, { remedy: `${mend}; a key that can be used again is found by itself` });
  }
  if (denied.has(error.name) || status === 401 || status === 403 || status === 301)
    return new RatchetError('AccessDenied', said, {
      remedy: `let the worker's credentials (AWS_* variables) list the bucket and get and put objects there (and delete them under objects/, for gc); check AWS_REGION and AWS_ENDPOINT_URL_S3`,
    });
  if (error.name === 'NoSuchBucket')
    return new RatchetError('StoreUnavailable', said, {
      remedy: 'make the bucket, or correct RATCHET_STORE_URI; the loop then goes on by itself',
    });
  return new RatchetError('StoreUnavailable', said, { remedy: 'nothing where it passes; else look at the state of the S3 server' });
}

export function httpStatus(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

/** Credentials were good and have run out. */
export function isExpired(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return expired.has(error.name) || (error.name === 'CredentialsProviderError' && /expired/i.test(error.message));
}

/** A lock was asked for, and the bucket was made without. */
function isWithoutLock(error: Error): boolean {
  return /ObjectLockConfiguration/.test(error.name) || /missing object ?lock/i.test(error.message);
}

/**
 * The key that was named, or was once, cannot be used: as AWS says it (a right on the key that is missing, in words alone), as MinIO
 * does, also where it has no KMS.
 */
function isOfKms(error: Error): boolean {
  return /^kms[.:]/i.test(error.name) || /\bkms:(GenerateDataKey|Decrypt)\b|KMS is not configured/.test(error.message);
}

/** Parts were sent, and nobody knows them any more. */
export function isUploadGone(error: unknown): boolean {
  return error instanceof Error && error.name === 'NoSuchUpload';
}

/** Somebody else has created the key: the condition does not hold. */
export function isPreconditionFailed(error: unknown): boolean {
  return httpStatus(error) === 412 || (error instanceof Error && error.name === 'PreconditionFailed');
}

/**
 * Somebody else is creating the key just now, or (versitygw on a folder, ExistingObjectIsDirectory) removing the last one
 * beside it: to be asked again.
 */
export function isWriteConflict(error: unknown): boolean {
  const names = /^(ConditionalRequestConflict|OperationAborted|ExistingObjectIsDirectory)$/;
  return httpStatus(error) === 409 && error instanceof Error && names.test(error.name);
}

export function isNoSuchKey(error: unknown): boolean {
  return error instanceof Error && (error.name === 'NoSuchKey' || (error.name === 'NotFound' && httpStatus(error) === 404));
}
