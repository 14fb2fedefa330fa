import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';

export interface WatchOneOptions {
  readonly heartbeatSeconds: number;
  /** A cancelled workflow waits until its watch has heard of it. */
  readonly waitsForEnd: boolean;
}

/** Waits for one watch, as a stage of a cycle does. */
export async function watchOne(name: string, { heartbeatSeconds, waitsForEnd }: WatchOneOptions): Promise<void> {
  const { watch } = proxyActivities<{ watch(name: string): Promise<void> }>({
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: heartbeatSeconds * 1000,
    // Temporal's own, of the product's activity too: what a next try does is what is tested. No test is run again.
    retry: { initialInterval: '50 milliseconds' },
    cancellationType: waitsForEnd ? ActivityCancellationType.WAIT_CANCELLATION_COMPLETED : ActivityCancellationType.TRY_CANCEL,
  });
  await watch(name);
}
