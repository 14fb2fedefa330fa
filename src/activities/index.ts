import { createDecisionActivities, type DecisionActivityPorts } from './decision-activities.js';
import { createJobActivities, type JobActivityPorts } from './job-activities.js';
import { createJudgeActivities } from './judge-activities.js';
import { createLifecycleActivities } from './lifecycle-activities.js';
import { keepAlive } from './keep-alive.js';
import { createPromotionActivities, type PromotionActivityPorts } from './promotion-activities.js';
import { withFailures } from './to-failure.js';

export type ActivityPorts = JobActivityPorts & DecisionActivityPorts & PromotionActivityPorts;

/** All activities of the loop, over the ports they are given. */
export function createActivities(ports: ActivityPorts) {
  const activities = {
    ...createJobActivities(ports),
    ...createJudgeActivities(ports),
    ...createDecisionActivities(ports),
    ...createPromotionActivities(ports),
    ...createLifecycleActivities(ports),
  };
  return withFailures(keepAlive(activities, ['awaitJob']));
}

export type Activities = ReturnType<typeof createActivities>;
