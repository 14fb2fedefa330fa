import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { createMlflowModelRegistry } from '../../../src/adapters/mlflow/model-registry.js';

/** Answers every request the same: for faults that a real MLflow shows only under load or behind a proxy. */
async function answering(status: number, body: string, headers: Record<string, string> = {}) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { host: `127.0.0.1:${(server.address() as { port: number }).port}`, requests };
}

const environment = { MLFLOW_TRACKING_USERNAME: 'trainer', MLFLOW_TRACKING_PASSWORD: 'correct horse' };

test('a token that no header can hold is refused without telling it', async () => {
  const { host } = await answering(200, '{}');
  const open = async (token: string) =>
    createMlflowModelRegistry({ trackingUri: `http://${host}`, environment: { MLFLOW_TRACKING_TOKEN: token } }).getAlias('m', 'champion');
  const failure = await open('s3cr3t\nsecond').catch((error: unknown) => error);
  expect(failure).toMatchObject({
    type: 'RegistryRefused',
    message: expect.stringContaining('MLFLOW_TRACKING_TOKEN: expected one line of plain letters') as string,
  });
  expect(JSON.stringify(failure) + String(failure)).not.toMatch(/s3cr3t|second/);
  await expect(open('s3cr3t\n')).rejects.toThrow('model version'); // a last line break is the file's, not the token's
});

test.for<[says: string, status: number, body: string, type: string, message: RegExp]>([
  [
    'an exhausted connection pool, which MLflow calls a bad request',
    400,
    '{"error_code":"BAD_REQUEST","message":"(sqlalchemy.exc.TimeoutError) QueuePool limit of size 5 overflow 10 reached"}',
    'RegistryUnavailable',
    /QueuePool/,
  ],
  [
    'a locked database',
    400,
    '{"error_code":"BAD_REQUEST","message":"(sqlite3.OperationalError) database is locked"}',
    'RegistryUnavailable',
    /locked/,
  ],
  [
    'an error of the server',
    500,
    '{"error_code":"INTERNAL_ERROR","message":"oops"}',
    'RegistryUnavailable',
    /HTTP 500 INTERNAL_ERROR oops/,
  ],
  ['a proxy without a server', 502, '<html><h1>Bad Gateway</h1></html>', 'RegistryUnavailable', /HTTP 502 Bad Gateway/],
  ['too many requests', 429, '', 'RegistryUnavailable', /HTTP 429/],
  [
    'a wrong request',
    400,
    '{"error_code":"INVALID_PARAMETER_VALUE","message":"Invalid value for filter"}',
    'RegistryRefused',
    /INVALID_PARAMETER_VALUE Invalid value for filter/,
  ],
  ['missing rights', 403, 'Permission denied', 'RegistryRefused', /HTTP 403 Permission denied/],
  ['something that is no MLflow', 404, '<html>nothing here</html>', 'RegistryRefused', /HTTP 404 nothing here/],
  ['a page instead of an answer', 200, '<html>Please log in</html>', 'RegistryRefused', /HTTP 200 Please log in/],
])('tells apart: %s', async ([, status, body, type, message]) => {
  const { host } = await answering(status, body);
  const registry = createMlflowModelRegistry({ trackingUri: `http://${host}`, environment });
  const failure = await registry.getAlias('m', 'champion').catch((error: unknown) => error);
  expect(failure).toMatchObject({ type, message: expect.stringMatching(message) });
  expect(JSON.stringify(failure) + String(failure)).not.toMatch(/correct horse|dHJhaW5lcjpj/);
});

test('follows no redirect, so that credentials go nowhere else', async () => {
  const elsewhere = await answering(200, '{}');
  const { host } = await answering(302, '', { location: `http://${elsewhere.host}/` });
  const registry = createMlflowModelRegistry({ trackingUri: `http://${host}`, environment });
  await expect(registry.getAlias('m', 'champion')).rejects.toMatchObject({
    type: 'RegistryRefused',
    message: expect.stringContaining('HTTP 302'),
  });
  expect(elsewhere.requests).toHaveLength(0);
});

test.for<[says: string, address: (host: string) => string, environment: NodeJS.ProcessEnv, authorization: string | undefined]>([
  ['a user from the environment', (host) => `http://${host}`, environment, `Basic ${btoa('trainer:correct horse')}`],
  ['a user in the address', (host) => `http://u:p%40ss@${host}/`, {}, `Basic ${btoa('u:p@ss')}`],
  ['a token', (host) => `http://${host}`, { MLFLOW_TRACKING_TOKEN: 'abc' }, 'Bearer abc'],
  ['nobody', (host) => `http://${host}`, {}, undefined],
])('signs in as %s', async ([, address, variables, authorization]) => {
  const { host, requests } = await answering(500, '');
  const registry = createMlflowModelRegistry({ trackingUri: address(host), environment: variables });
  await expect(registry.getAlias('m', 'champion')).rejects.toMatchObject({
    message: expect.stringContaining(`MLflow http://${host} GET registered-models/alias`),
  });
  expect(requests[0]?.headers.authorization).toBe(authorization);
});

test('waits for no answer longer than it says', async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  const { port } = server.address() as { port: number };
  const registry = createMlflowModelRegistry({ trackingUri: `http://127.0.0.1:${port}`, environment: {}, timeoutMs: 100 });
  await expect(registry.getAlias('m', 'champion')).rejects.toMatchObject({
    type: 'RegistryUnavailable',
    message: expect.stringContaining('none within 100 ms'),
  });
});

test.for(['not an address with secret', 'file:///secret/mlruns', 'sqlite:///secret.db'])(
  'says what is wrong with %j without showing it',
  (trackingUri) => {
    const make = () => createMlflowModelRegistry({ trackingUri, environment: {} });
    expect(make).toThrow(/MLFLOW_TRACKING_URI: expected an address like/);
    expect(make).not.toThrow(/secret/);
  },
);
