import { watchActivities } from '../../src/workflows/activity-proxies.js';

/** What a stage of a cycle does while its job runs, and nothing else. */
export async function watchJob(jobName: string): Promise<void> {
  await watchActivities(`watch ${jobName}`, { timeLimitSeconds: 86_400, heartbeatSeconds: 60 }).awaitJob(jobName);
}
