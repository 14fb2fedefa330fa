import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { toFailure } from '../../src/activities/to-failure.js';
import { RatchetError } from '../../src/domain/failure.js';

const zodError = z.strictObject({ rows: z.number() }).safeParse({ rows: 'many' }).error;
const aborted = Object.assign(new Error('the request was given up'), { name: 'AbortError' });

test.for<[name: string, error: unknown, type: string, nonRetryable: boolean]>([
  ['a transient failure may be asked again', new RatchetError('RegistryUnavailable', 'no answer'), 'RegistryUnavailable', false],
  ['an invalid one may not', new RatchetError('EvidenceCorrupt', 'no JSON'), 'EvidenceCorrupt', true],
  ['nor a conflict', new RatchetError('LedgerConflict', 'somebody else wrote'), 'LedgerConflict', true],
  ['nor a lost job: the workflow makes the next attempt', new RatchetError('JobLost', 'no trace'), 'JobLost', true],
  ['what was not foreseen may pass', new TypeError('fetch failed'), 'Unexpected', false],
  ['a value out of range is so again a second later', new RangeError('Invalid time zone specified: Mars'), 'Unexpected', true],
  ['and so is a document of another shape', zodError, 'Unexpected', true],
  ['even a text can be thrown', 'broken', 'Unexpected', false],
])('%s', async ([, error, type, nonRetryable]) => {
  const failure = await inActivity(error);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({ type, nonRetryable, details: [{ type }, null] });
});

test('a job that failed by itself is final for Temporal, whatever its class', () => {
  expect(toFailure(new RatchetError('JobTemporary', 'come back later'), { isFinal: true })).toMatchObject({
    type: 'JobTemporary',
    nonRetryable: true,
  });
});

test('the detail of a failure travels beside it', async () => {
  expect(await inActivity(new RatchetError('JobFailed', 'exit code 1', { remedy: 'mend it', detail: 'the last line' }))).toMatchObject({
    details: [{ type: 'JobFailed', class: 'invalid', remedy: 'mend it' }, 'the last line'],
  });
});

test('a request that was given up is a cancellation only where the activity was cancelled', async () => {
  expect(await inActivity(aborted)).toMatchObject({ type: 'Unexpected', nonRetryable: false });
  const environment = new MockActivityEnvironment();
  environment.cancel('CANCELLED');
  expect(await environment.run(async () => toFailure(aborted))).toBeInstanceOf(CancelledFailure);
});

async function inActivity(error: unknown): Promise<Error> {
  return new MockActivityEnvironment().run(async () => toFailure(error));
}
