import type { V1Job, V1Pod } from '@kubernetes/client-node';
import type { Job } from '../../domain/job.js';
import { CONTAINER } from './job-names.js';
import { PATIENCE, type Patience } from './patience.js';
import { judgePod, type Fault } from './pod-end.js';
import { judgeWaiting } from './pod-waiting.js';
import type { SeenJob } from './seen-job.js';

/** How a job stands. `ended`: null while it goes on; a fault, or the text of its result. */
export interface JobState {
  readonly phase: Job['phase'];
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly fault: Fault | null;
  readonly result: string | null;
  /** Why it waits, for people. */
  readonly waitsFor: string | null;
}

/** What a Job and its pod say of the job. Pure: the clock is a parameter. @param lostMsMax a pod that should be gone for longer is lost with its node */
export function stateOf(seen: SeenJob, nowMs: number, { lostMsMax }: Pick<Patience, 'lostMsMax'> = PATIENCE): JobState {
  const { job, pod } = seen;
  const conditions = job.status?.conditions?.filter(({ status }) => status === 'True') ?? [];
  const complete = conditions.find(({ type }) => type === 'Complete');
  const failed = conditions.find(({ type }) => type === 'Failed');
  const container = pod?.status?.containerStatuses?.find(({ name }) => name === CONTAINER);
  const startedAt = isoTime(container?.state?.terminated?.startedAt ?? container?.state?.running?.startedAt ?? null);
  const none = { startedAt, endedAt: null, fault: null, result: null, waitsFor: null };
  if (complete || failed) {
    const endedAt = isoTime(container?.state?.terminated?.finishedAt ?? (complete ?? failed)?.lastTransitionTime ?? null);
    if (failed?.reason === 'DeadlineExceeded' && !container?.state?.terminated)
      return ended({ ...none, endedAt }, deadline(seen, startedAt));
    if (!pod) return ended({ ...none, endedAt }, { type: 'JobLost', message: 'its pod is gone, and with it what it said' });
    const verdict = judgePod(pod, seen);
    if (verdict.fault) return ended({ ...none, endedAt }, verdict.fault);
    return { ...none, endedAt, phase: 'Succeeded', result: verdict.result };
  }
  const leftMs = nowMs - (timeMs(pod?.metadata?.deletionTimestamp) ?? nowMs);
  if (leftMs > lostMsMax)
    return ended(none, {
      type: 'JobLost',
      message: `its pod on node ${pod?.spec?.nodeName ?? '?'} should be gone for ${Math.round(leftMs / 1000)} s and is not: the node is lost`,
    });
  if (startedAt !== null) return { ...none, phase: 'Running' };
  const waiting = judgeWaiting(seen, nowMs);
  return waiting.fault ? ended(none, waiting.fault) : { ...none, phase: 'Pending', waitsFor: waiting.waitsFor };
}

/**
 * When a Job that is told to go should be gone with its pod. A pod's time of deletion holds its grace, that of its Job is the
 * moment at which it was told. null: nobody told it. Pure.
 */
export function goneAtMs({ metadata, spec }: V1Job, pod: V1Pod | null): number | null {
  const podGoneMs = timeMs(pod?.metadata?.deletionTimestamp);
  const toldMs = timeMs(metadata?.deletionTimestamp);
  if (toldMs === null) return null;
  return podGoneMs ?? toldMs + (spec?.template.spec?.terminationGracePeriodSeconds ?? 0) * 1000;
}

export function isFinished({ status }: V1Job): boolean {
  return status?.conditions?.some(({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True') ?? false;
}

function ended(state: Omit<JobState, 'phase'>, fault: Fault): JobState {
  return { ...state, phase: 'Failed', fault };
}

function deadline({ timeLimitSeconds, pendingSecondsMax }: SeenJob, startedAt: string | null): Fault {
  if (startedAt !== null) return { type: 'JobTimedOut', message: `expected to end within ${timeLimitSeconds} s, found it still running` };
  return { type: 'ClusterFull', message: `expected room for it within ${pendingSecondsMax} s, found none` };
}

function timeMs(time: Date | string | null | undefined): number | null {
  return time == null ? null : new Date(time).getTime();
}

/** Times come as Date from lists and as text from watches. */
export function isoTime(time: Date | string | null | undefined): string | null {
  return time == null ? null : new Date(time).toISOString();
}
