import { RatchetError } from '../../domain/failure.js';

export interface MlflowApiOptions {
  /** MLFLOW_TRACKING_URI: http(s). A user and password in it are taken out and used. */
  readonly trackingUri: string;
  /** MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD, MLFLOW_TRACKING_TOKEN as MLflow's own client reads them. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Per request. */
  readonly timeoutMs?: number;
}

export interface MlflowApi {
  /** The server's address without credentials, for messages. */
  readonly address: string;
  /** @returns the JSON of the answer; null where MLflow says RESOURCE_DOES_NOT_EXIST. @throws {RatchetError} RegistryUnavailable, RegistryRefused */
  call(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    content: Record<string, unknown>,
  ): Promise<Record<string, unknown> | null>;
}

/** Words of a 400 that mean "busy": MLflow reports an exhausted connection pool and a locked database as the caller's fault. */
const busyWords =
  /QueuePool|database is locked|OperationalError|too many (connections|clients)|TEMPORARILY_UNAVAILABLE|RESOURCE_EXHAUSTED/i;

/** MLflow's REST interface, version 2.0. */
export function createMlflowApi({ trackingUri, environment = process.env, timeoutMs = 30_000 }: MlflowApiOptions): MlflowApi {
  const { address, authorization } = readAddress(trackingUri, environment);
  return { address, call };

  async function call(method: string, path: string, content: Record<string, unknown>): Promise<Record<string, unknown> | null> {
    const what = `MLflow ${address} ${method} ${path}`;
    // What fetch says of a header that it cannot send holds the header.
    if (authorization !== null && !/^[\x20-\x7e]*$/.test(authorization)) {
      throw new RatchetError('RegistryRefused', `${what}: MLFLOW_TRACKING_TOKEN: expected one line of plain letters, found others`, {
        remedy: 'set MLFLOW_TRACKING_TOKEN to the token alone',
      });
    }
    const url = new URL(`${address}/api/2.0/mlflow/${path}`);
    if (method === 'GET') for (const [name, value] of Object.entries(content)) url.searchParams.set(name, String(value));
    let status: number;
    let text: string;
    try {
      const response = await fetch(url, {
        method,
        headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
        // Never follow: a redirect would carry the credentials and the record to somebody else.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        ...(method !== 'GET' && { body: JSON.stringify(content) }),
      });
      [status, text] = [response.status, await response.text()];
    } catch (error) {
      throw new RatchetError('RegistryUnavailable', `${what}: expected an answer, found ${networkWords(error, timeoutMs)}`, {
        remedy: `start MLflow, or correct MLFLOW_TRACKING_URI; the loop then goes on by itself`,
      });
    }
    return readAnswer(what, status, text);
  }
}

function readAnswer(what: string, status: number, text: string): Record<string, unknown> | null {
  const document = parseObject(text);
  if (status === 200 && document) return document;
  const code = typeof document?.error_code === 'string' ? document.error_code : '';
  const words =
    typeof document?.message === 'string'
      ? document.message
      : text
          .replace(/<[^>]*>/g, ' ')
          .replace(/\s+/g, ' ')
          .trim();
  const said = `${code} ${words}`.trim().slice(0, 500);
  if (code === 'RESOURCE_DOES_NOT_EXIST') return null;
  if (status >= 500 || status === 429 || status === 408 || busyWords.test(said))
    throw new RatchetError('RegistryUnavailable', `${what}: HTTP ${status} ${said}`, {
      remedy: 'nothing where it passes; else look at the log of MLflow',
    });
  throw new RatchetError('RegistryRefused', `${what}: HTTP ${status} ${said}`, { remedy: remedyFor(status), detail: code });
}

function remedyFor(status: number): string {
  if (status === 401 || status === 403)
    return 'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, for a user who may write to the registry';
  if (status < 400)
    return 'expected the answer of an MLflow server: name the server itself in MLFLOW_TRACKING_URI, not a page that redirects to it';
  if (status === 404) return 'expected an MLflow server: correct MLFLOW_TRACKING_URI';
  return '';
}

function readAddress(trackingUri: string, environment: NodeJS.ProcessEnv): { address: string; authorization: string | null } {
  let url: URL;
  try {
    url = new URL(trackingUri);
  } catch {
    throw badAddress('something else');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw badAddress(`one that begins with ${url.protocol}`);
  const user = decodeURIComponent(url.username) || environment.MLFLOW_TRACKING_USERNAME;
  const password = decodeURIComponent(url.password) || environment.MLFLOW_TRACKING_PASSWORD;
  const token = environment.MLFLOW_TRACKING_TOKEN?.trim();
  const basic = user && password !== undefined ? `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` : null;
  return { address: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, authorization: basic ?? (token ? `Bearer ${token}` : null) };
}

/** Without the value: it may hold a password. */
function badAddress(found: string): RatchetError {
  return new RatchetError('RegistryRefused', `MLFLOW_TRACKING_URI: expected an address like http://127.0.0.1:5000, found ${found}`, {
    remedy: 'set MLFLOW_TRACKING_URI to the address of an MLflow server',
  });
}

function networkWords(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `none within ${timeoutMs} ms`;
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = 'code' in cause ? String(cause.code) : '';
  return [code, cause.message].filter(Boolean).join(' ');
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
