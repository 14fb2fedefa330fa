import type { CloudWatch } from '@aws-sdk/client-cloudwatch';
import type { SageMaker } from '@aws-sdk/client-sagemaker';
import type { SageMakerRuntime } from '@aws-sdk/client-sagemaker-runtime';
import { isExpired } from '../s3/s3-error.js';

/** AWS_REGION, AWS_ENDPOINT_URL_SAGEMAKER, and the credentials as the SDK finds them. The SDK is loaded with the first call. */
export function lazySageMaker(environment: NodeJS.ProcessEnv, requestTimeoutMs = 30_000): () => Promise<SageMaker> {
  return lazily(async (onExpired) => {
    const { SageMaker } = await import('@aws-sdk/client-sagemaker');
    return renewed(new SageMaker(settings(environment, environment.AWS_ENDPOINT_URL_SAGEMAKER, requestTimeoutMs)), onExpired);
  });
}

/** Asks endpoints, at AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME. A model that is asked once a minute need not hurry. */
export function lazyRuntime(environment: NodeJS.ProcessEnv, requestTimeoutMs = 70_000): () => Promise<SageMakerRuntime> {
  return lazily(async (onExpired) => {
    const { SageMakerRuntime } = await import('@aws-sdk/client-sagemaker-runtime');
    return renewed(
      new SageMakerRuntime(settings(environment, environment.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME, requestTimeoutMs)),
      onExpired,
    );
  });
}

/** Reads what SageMaker counted, at AWS_ENDPOINT_URL_CLOUDWATCH. */
export function lazyCloudWatch(environment: NodeJS.ProcessEnv, requestTimeoutMs = 20_000): () => Promise<CloudWatch> {
  return lazily(async (onExpired) => {
    const { CloudWatch } = await import('@aws-sdk/client-cloudwatch');
    return renewed(new CloudWatch(settings(environment, environment.AWS_ENDPOINT_URL_CLOUDWATCH, requestTimeoutMs)), onExpired);
  });
}

function lazily<Client>(open: (onExpired: () => void) => Promise<Client>): () => Promise<Client> {
  let opened: Promise<Client> | undefined;
  return () => (opened ??= open(() => (opened = undefined)));
}

function settings(environment: NodeJS.ProcessEnv, ownEndpoint: string | undefined, requestTimeout: number) {
  // Which Node to run is said once, by package.json; the SDK would say it at every command.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const endpoint = ownEndpoint || environment.AWS_ENDPOINT_URL;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = environment;
  return {
    region: environment.AWS_REGION || environment.AWS_DEFAULT_REGION || 'us-east-1',
    ...(endpoint && { endpoint }),
    // Else the SDK looks on, and renews them: profiles, web identity, the machine's role.
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } }),
    // Slows down by itself where SageMaker throttles.
    retryMode: 'adaptive',
    maxAttempts: 5,
    requestHandler: { requestTimeout, connectionTimeout: 20_000 },
  };
}

/** The SDK keeps what it once read: the next question opens a client that reads profile, token file or role anew. */
function renewed<Client extends SageMaker | SageMakerRuntime | CloudWatch>(client: Client, onExpired: () => void): Client {
  (client as SageMaker).middlewareStack.add(
    (next) => async (input) => {
      try {
        return await next(input);
      } catch (error) {
        if (isExpired(error)) onExpired();
        throw error;
      }
    },
    { step: 'initialize', name: 'noteExpiry' },
  );
  return client;
}
