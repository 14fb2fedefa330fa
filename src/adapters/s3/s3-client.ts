import type { S3 } from '@aws-sdk/client-s3';
import { RatchetError } from '../../domain/failure.js';
import { checkObjectKey } from '../../domain/object-key.js';

/** The SDK is loaded with the first call: whoever only may need it starts without it. */
export async function openS3Client(environment: NodeJS.ProcessEnv, requestTimeoutMs: number): Promise<S3> {
  // Which Node to run is said once, by package.json; the SDK would say it at every command.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const { S3 } = await import('@aws-sdk/client-s3');
  const endpoint = environment.AWS_ENDPOINT_URL_S3 || environment.AWS_ENDPOINT_URL;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = environment;
  return new S3({
    region: environment.AWS_REGION || environment.AWS_DEFAULT_REGION || 'us-east-1',
    // Servers of one's own rarely have a host name per bucket.
    ...(endpoint && { endpoint, forcePathStyle: true }),
    // Else the SDK looks on: profiles, web identity, the machine's role.
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } }),
    maxAttempts: 5,
    // Of silence, not of all: a large object may take longer.
    requestHandler: { socketTimeout: requestTimeoutMs, connectionTimeout: 20_000 },
  });
}

/** @throws {RatchetError} AccessDenied: it is no such address; not retried, because only a person can correct it */
export function parseS3Uri(uri: string): { bucket: string; prefix: string } {
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(uri) ?? [];
  const prefix = path.replace(/\/+$/, '');
  if (bucket === undefined)
    throw new RatchetError(
      'AccessDenied',
      `RATCHET_STORE_URI: expected s3://<bucket> or s3://<bucket>/<prefix>, found ${JSON.stringify(uri)}`,
      {
        remedy: 'correct RATCHET_STORE_URI; credentials belong in AWS_* variables',
      },
    );
  return { bucket, prefix: prefix === '' ? '' : `${checkObjectKey(prefix)}/` };
}
