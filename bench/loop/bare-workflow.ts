import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '1 minute' });

/** What anybody would write without a loop: so many activities, one after another. */
export async function bareWorkflow(activities: number): Promise<void> {
  for (let done = 0; done < activities; done++) await nothing();
}
