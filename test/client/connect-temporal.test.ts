import { Connection } from '@temporalio/client';
import { afterEach, expect, test, vi } from 'vitest';
import { connectTemporal } from '../../src/client/connect-temporal.js';

const PERMISSION_DENIED = 7;
const NOT_FOUND = 5;
const target = { connection: { address: 'there:7233' }, namespace: 'models', namedBy: 'TEMPORAL_ADDRESS' };

afterEach(() => void vi.restoreAllMocks());

/** A server that answers what it knows of the namespace with this code of gRPC. */
function serverThat(code: number | null) {
  const answer = Object.assign(new Error('of gRPC'), { code, details: 'of gRPC', metadata: {} });
  const describeNamespace = () => (code === null ? Promise.resolve({}) : Promise.reject(answer));
  const connection = { workflowService: { describeNamespace }, withDeadline: (_: number, call: () => unknown) => call(), close: vi.fn() };
  vi.spyOn(Connection, 'connect').mockResolvedValue(connection as never);
  return connection;
}

test('a namespace that the server does not have is named before anything is asked of it', async () => {
  const { close } = serverThat(NOT_FOUND);
  await expect(connectTemporal(target)).rejects.toMatchObject({
    type: 'InputInvalid',
    message: 'expected a namespace of the Temporal server at there:7233, found models',
    remedy: expect.stringMatching(/^correct TEMPORAL_NAMESPACE/) as string,
  });
  expect(close).toHaveBeenCalledOnce();
});

test.for([
  ['has it', null],
  ['does not say', PERMISSION_DENIED],
] as const)('a server that %s is connected to', async ([, code]) => {
  serverThat(code);
  expect((await connectTemporal(target)).options.namespace).toBe('models');
});

test('one that does not answer is told with its address and who named it', async () => {
  vi.spyOn(Connection, 'connect').mockRejectedValue(new Error('refused'));
  await expect(connectTemporal(target)).rejects.toMatchObject({
    type: 'Unexpected',
    message: 'the Temporal server at there:7233 (TEMPORAL_ADDRESS) does not answer',
  });
});
