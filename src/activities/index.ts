import { createDecisionActivities, type DecisionActivityPorts } from './decision-activities.js';
import { createJobActivities, type JobActivityPorts } from './job-activities.js';
import { createJudgeActivities } from './judge-activities.js';
import { createLogActivities, type LogActivityPorts } from './log-activities.js';
import { createLifecycleActivities } from './lifecycle-activities.js';
import { keepAlive } from './keep-alive.js';
import { createNoticeActivities, type NoticeActivityPorts } from './notice-activities.js';
import { createPaceActivities } from './pace-activities.js';
import { createMonitorActivities } from './monitor-activities.js';
import { createPromotionActivities } from './promotion-activities.js';
import { createReconcileActivities, type ReconcileActivityPorts } from './reconcile-activities.js';
import { createRollbackActivities } from './rollback-activities.js';
import { createRolloutActivities } from './rollout-activities.js';
import { createServingActivities, type ServingActivityPorts } from './serving-activities.js';
import { createTrafficActivities, type TrafficActivityPorts } from './traffic-activities.js';
import { createWatchActivities, type WatchActivityPorts } from './watch-activities.js';
import { withFailures } from './to-failure.js';

export type ActivityPorts = JobActivityPorts &
  DecisionActivityPorts &
  LogActivityPorts &
  NoticeActivityPorts &
  ServingActivityPorts &
  TrafficActivityPorts &
  WatchActivityPorts &
  ReconcileActivityPorts;

/** All activities of the loop, over the ports they are given. */
export function createActivities(ports: ActivityPorts) {
  const activities = {
    ...createJobActivities(ports),
    ...createJudgeActivities(ports),
    ...createDecisionActivities(ports),
    ...createNoticeActivities(ports),
    ...createPromotionActivities(ports),
    ...createLifecycleActivities(ports),
    ...createLogActivities(ports),
    ...createPaceActivities(ports),
    ...createMonitorActivities(ports),
    ...createReconcileActivities(ports),
    ...createRollbackActivities(ports),
    ...createRolloutActivities(ports),
    ...createServingActivities(ports),
    ...createTrafficActivities(ports),
    ...createWatchActivities(ports),
  };
  return withFailures(keepAlive(activities, ['awaitJob', 'watchArms']));
}

export type Activities = ReturnType<typeof createActivities>;
