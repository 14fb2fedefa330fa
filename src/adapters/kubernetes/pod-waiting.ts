import { CONTAINER } from './job-names.js';
import type { SeenJob } from './seen-job.js';
import type { Fault } from './pod-end.js';

/** So long may somebody take to mend what will not mend itself: a Secret or a claim that is made a little later. */
const mendMs = 120_000;

/** Reasons of a container that waits which only a person can end. */
const refusals: Readonly<Record<string, string>> = {
  InvalidImageName: 'trainer.cluster.image is no image’s name',
  ErrImageNeverPull: 'trainer.cluster.image is not on the node, and may not be pulled',
  ErrImagePull: 'trainer.cluster.image could not be pulled: check its name, and imagePullSecrets',
  ImagePullBackOff: 'trainer.cluster.image could not be pulled: check its name, and imagePullSecrets',
  CreateContainerConfigError: 'what trainer.cluster names (a Secret, a key) is not there',
  CreateContainerError: 'its container could not be made',
  RunContainerError: 'its container could not be started',
};

/** Why a job that has not started waits, and whether that has lasted too long. Pure. */
export function judgeWaiting(seen: SeenJob, nowMs: number): { fault: Fault | null; waitsFor: string } {
  const { job, pod, pendingSecondsMax } = seen;
  if (job.spec?.suspend) return { fault: null, waitsFor: 'its turn in the Kueue queue' };
  const waitedMs = nowMs - new Date(job.status?.startTime ?? job.metadata?.creationTimestamp ?? nowMs).getTime();
  const isTooLong = waitedMs > pendingSecondsMax * 1000;
  const full = (why: string): { fault: Fault | null; waitsFor: string } => ({
    fault: isTooLong ? { type: 'ClusterFull', message: `expected room for it within ${pendingSecondsMax} s, found ${why}` } : null,
    waitsFor: why,
  });
  if (!pod) return full('no pod: a quota of the namespace may be used up');
  const waiting = pod.status?.containerStatuses?.find(({ name }) => name === CONTAINER)?.state?.waiting;
  const refusal = refusals[waiting?.reason ?? ''];
  if (refusal !== undefined) {
    const message = `${refusal}: ${(waiting?.message ?? waiting?.reason ?? '').slice(0, 500)}`;
    const isFinal = waiting?.reason === 'InvalidImageName' || waitedMs > Math.min(mendMs, pendingSecondsMax * 1000);
    return { fault: isFinal ? { type: 'JobSpecInvalid', message } : null, waitsFor: message };
  }
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False') {
    const message = scheduled.message ?? scheduled.reason ?? 'no node';
    if (/persistentvolumeclaim .* not found/.test(message) && waitedMs > Math.min(mendMs, pendingSecondsMax * 1000))
      return { fault: { type: 'JobSpecInvalid', message: `trainer.cluster.volumes: ${message}` }, waitsFor: message };
    return full(message.slice(0, 500));
  }
  return full(`its pod ${pod.spec?.nodeName ? `to start on node ${pod.spec.nodeName}` : 'to be given a node'}`);
}
