import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { TASK_QUEUE, TRAFFIC_TASK_QUEUE, WATCH_TASK_QUEUE } from './messages.js';

/**
 * Transient failures are asked again until somebody mends what is broken: a full disk, a registry or a worker that is down
 * over a long weekend loses no cycle. What we did not foresee ends after some attempts (to-failure).
 */
const PATIENT: ActivityOptions = {
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: '15 seconds',
  heartbeatTimeout: '5 seconds',
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
};

/** Longer calls say that they live: a worker that was killed is noticed within seconds. */
const LONGER: ActivityOptions = { ...PATIENT, startToCloseTimeout: '10 minutes', heartbeatTimeout: '10 seconds' };

/** Ledger, store and decisions: short calls. */
export const shortActivities = (summary: string): Activities =>
  proxyActivities<Activities>({ ...PATIENT, summary }) as unknown as Activities;

/** What an end waits for, but not for ever. */
export const dayLongActivities = (summary: string): Activities =>
  proxyActivities<Activities>({ ...PATIENT, scheduleToCloseTimeout: '1 day', summary }) as unknown as Activities;

/** What is looked at again anyhow: a loop that must hear its messages does not wait for a day. */
export const briefActivities = (summary: string, secondsMax = 60): Activities =>
  proxyActivities<Activities>({ ...PATIENT, scheduleToCloseTimeout: secondsMax * 1000, summary }) as unknown as Activities;

/** Registry calls and reading large results take longer. */
export const longActivities = (summary: string): Activities => proxyActivities<Activities>({ ...LONGER, summary }) as unknown as Activities;

/** A day's logs of one model; what has not been done in two hours is done the next day. */
export const tendActivities = (summary: string): Activities =>
  proxyActivities<Activities>({
    ...LONGER,
    startToCloseTimeout: '1 hour',
    scheduleToCloseTimeout: '2 hours',
    summary,
  }) as unknown as Activities;

/** After the ledger has it, the registry is told as well: what fails within the hour is repaired by the lifecycle. */
export const projectActivities = (summary: string): Activities =>
  proxyActivities<Activities>({
    ...LONGER,
    scheduleToCloseTimeout: '1 hour',
    summary,
  }) as unknown as Activities;

/** Starting a job is never left half-known: a cancelled cycle waits until it knows what it must stop. */
export const submitActivities = (summary: string): Activities =>
  proxyActivities<Activities>({
    ...LONGER,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary,
  }) as unknown as Activities;

/** Telling people is tried, never waited for. */
export const noticeActivities = (summary: string): Activities =>
  proxyActivities<Activities>({
    taskQueue: TASK_QUEUE,
    startToCloseTimeout: '30 seconds',
    retry: { maximumAttempts: 10 },
    summary,
  }) as unknown as Activities;

/** One receiver of a notice: it may be down over a weekend, and nobody waits for it. */
export const deliveryActivities = (summary: string): Activities =>
  proxyActivities<Activities>({
    taskQueue: TASK_QUEUE,
    startToCloseTimeout: '1 minute',
    heartbeatTimeout: '10 seconds',
    scheduleToCloseTimeout: '3 days',
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 minutes' },
    summary,
  }) as unknown as Activities;

/**
 * Stopping a job takes as long as its last checkpoint may, and on a cluster, whose own grace may be 20 s more, a minute longer
 * where a node is not heard of; the rest is for the calls. A worker that is gone is noticed by its heartbeat.
 */
const STOP_SECONDS_MORE = 150;

export const stopActivities = (summary: string, graceSeconds: number): Activities =>
  proxyActivities<Activities>({
    ...PATIENT,
    startToCloseTimeout: (graceSeconds + STOP_SECONDS_MORE) * 1000,
    summary,
  }) as unknown as Activities;

/** Watching a job for as long as it may run; another worker takes over when the heartbeat stops. */
export const watchActivities = (
  summary: string,
  { timeLimitSeconds, heartbeatSeconds }: { timeLimitSeconds: number; heartbeatSeconds: number },
): Activities =>
  proxyActivities<Activities>({
    taskQueue: WATCH_TASK_QUEUE,
    startToCloseTimeout: (timeLimitSeconds + 3600) * 1000,
    heartbeatTimeout: heartbeatSeconds * 1000,
    retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
    summary,
  }) as unknown as Activities;

/** Starting and proving servers; a rollout that is told to turn back does not wait for it. */
export const servingActivities = (summary: string, readySecondsMax = 3600): Activities =>
  proxyActivities<Activities>({
    ...LONGER,
    startToCloseTimeout: (readySecondsMax + 120) * 1000,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    summary,
  }) as unknown as Activities;

/** What cannot be written down in time is no reason to go on unwatched: the rollout turns back. */
export const exposingActivities = (summary: string, secondsMax: number): Activities =>
  proxyActivities<Activities>({ ...PATIENT, scheduleToCloseTimeout: secondsMax * 1000, summary }) as unknown as Activities;

/** A router that answers within seconds is asked again after so many: whatever holds the answer up, the next try may pass. */
const SHIFT_SECONDS = 10;

const SHIFT: ActivityOptions = {
  taskQueue: TRAFFIC_TASK_QUEUE,
  startToCloseTimeout: SHIFT_SECONDS * 1000,
  heartbeatTimeout: '2 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '100 milliseconds', backoffCoefficient: 2, maximumInterval: '2 seconds' },
};

/** So long most routers may take for a shift. */
export const SHIFT_SECONDS_MAX = 60;

/** What is known to take long is not cut off at a tenth of it; a worker that is gone is noticed by its heartbeat. */
const tryFor = (secondsMax: number): Pick<ActivityOptions, 'startToCloseTimeout'> =>
  secondsMax <= SHIFT_SECONDS_MAX ? {} : { startToCloseTimeout: secondsMax * 1000 };

/**
 * More traffic for a challenger: what cannot be done in time is no reason to wait, but to turn back.
 * @param secondsMax as long as the router may take, a minute at least
 */
export const forwardActivities = (summary: string, secondsMax = SHIFT_SECONDS_MAX): Activities =>
  proxyActivities<Activities>({
    ...SHIFT,
    ...tryFor(secondsMax),
    scheduleToCloseTimeout: secondsMax * 1000,
    summary,
  }) as unknown as Activities;

/** Traffic back: asked again until it is so. */
export const backwardActivities = (summary: string, secondsMax = SHIFT_SECONDS_MAX): Activities =>
  proxyActivities<Activities>({ ...SHIFT, ...tryFor(secondsMax), summary }) as unknown as Activities;

/** While a person waits for the answer; the reconciliation tries on. */
export const answeringActivities = (summary: string): Activities =>
  proxyActivities<Activities>({ ...SHIFT, scheduleToCloseTimeout: '15 seconds', summary }) as unknown as Activities;

/** Watching traffic for as long as a step or a bake may take. Told to stop, it answers with what it knows. */
export const trafficWatch = (summary: string, secondsMax: number): Activities =>
  proxyActivities<Activities>({
    taskQueue: TRAFFIC_TASK_QUEUE,
    startToCloseTimeout: (secondsMax + 3600) * 1000,
    heartbeatTimeout: '2 seconds',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '100 milliseconds', maximumInterval: '5 seconds' },
    summary,
  }) as unknown as Activities;
