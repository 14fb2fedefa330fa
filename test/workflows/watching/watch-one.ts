import { proxyActivities } from '@temporalio/workflow';

const { watch } = proxyActivities<{ watch(name: string): Promise<void> }>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '2 seconds',
  retry: { initialInterval: '50 milliseconds' },
});

/** Waits for one watch, as a stage of a cycle does. */
export async function watchOne(name: string): Promise<void> {
  await watch(name);
}
