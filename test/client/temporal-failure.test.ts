import { ServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { afterEach, expect, test, vi } from 'vitest';
import { queryWorkflow } from '../../src/client/temporal-failure.js';

const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;

afterEach(() => void vi.useRealTimers());

/** As the client wraps what gRPC says. */
function grpcError(code: number): ServiceError {
  return new ServiceError('Failed to query Workflow', {
    cause: Object.assign(new Error('of gRPC'), { code, details: 'of gRPC', metadata: {} }),
  });
}

/** A client whose clock is at each deadline once a call was late. */
function clientWith(answers: readonly unknown[]) {
  const deadlines: number[] = [];
  const left = [...answers];
  const client = {
    withDeadline: async (deadlineMs: number) => {
      deadlines.push(deadlineMs - startMs);
      const answer = left.shift();
      if (!(answer instanceof Error)) return answer;
      if (answer instanceof ServiceError) vi.setSystemTime(deadlineMs);
      throw answer;
    },
  } as unknown as Client;
  const startMs = Date.now();
  return { deadlines, ask: (seconds: number) => queryWorkflow(client, 'w', seconds, () => Promise.resolve('unused')) };
}

test('a query that is lost is asked again until the waiting ends, which is told as a whole', async () => {
  vi.useFakeTimers();
  const late = grpcError(DEADLINE_EXCEEDED);
  const found = clientWith([late, late, 'the state']);
  expect(await found.ask(30)).toBe('the state');
  expect(found.deadlines).toEqual([4000, 12_000, 28_000]);
  const lost = clientWith([late, late, late, late]);
  await expect(lost.ask(10)).rejects.toThrow('no worker answered for workflow w within 10 s');
  expect(lost.deadlines).toEqual([4000, 10_000]);
});

test.for([
  ['a server that is away', grpcError(UNAVAILABLE), 'the Temporal server cannot be reached'],
  ['a workflow that is none', new WorkflowNotFoundError('none', 'w', undefined), 'none'],
] as const)('%s is no query to ask again', async ([, error, message]) => {
  const once = clientWith([error]);
  await expect(once.ask(30)).rejects.toThrow(message);
  expect(once.deadlines).toHaveLength(1);
});
