import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { CompleteAsyncError } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Meter } from './meter.js';

/** Counts the tries of activities that fail; a cancellation is no failure. */
export function countFailures(meter: Meter): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      async execute(input, next) {
        try {
          return await next(input);
        } catch (error) {
          if (!(error instanceof CancelledFailure || error instanceof CompleteAsyncError)) countFailure(meter, info.activityType, error);
          throw error;
        }
      },
    },
  });
}

/** One try that failed. */
export function countFailure(meter: Meter, activityType: string, error: unknown): void {
  const failure = (error instanceof ApplicationFailure ? error.type : null) ?? 'Unexpected';
  meter.record({ name: 'ratchet_activity_failures_total', labels: { activity: activityType, failure }, value: 1 });
}
