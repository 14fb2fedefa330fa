import type { V1ContainerStatus, V1Deployment, V1Pod } from '@kubernetes/client-node';
import { lastLine } from '../../../domain/job-words.js';
import { SERVER_CONTAINER } from './instance-names.js';

/** A server that died so often while it started will not get ready. */
const deathsMax = 3;

/** How the servers of an instance stand. `pod`: whose words say more. */
export type ServersState =
  | { readonly kind: 'ready' }
  | { readonly kind: 'waiting' | 'hopeless'; readonly why: string; readonly remedy: string; readonly pod: V1Pod | null };

/** Reasons of a container that waits which waiting seldom ends. */
const refusals: Readonly<Record<string, string>> = {
  InvalidImageName: 'mend serving.cluster.image: it is no image’s name',
  ErrImageNeverPull: 'serving.cluster.image is not on the node, and may not be pulled',
  ErrImagePull: 'check the name in serving.cluster.image, and imagePullSecrets',
  ImagePullBackOff: 'check the name in serving.cluster.image, and imagePullSecrets',
  CreateContainerConfigError: 'make the Secret that serving.cluster.secrets names, or mend its name',
  CreateContainerError: 'look at the pod: kubectl describe pod',
  RunContainerError: 'look at the pod: kubectl describe pod',
};

/**
 * What a Deployment and its pods say of the servers. Pure.
 *
 * @param restartsBefore by pod: deaths of before are not ours to count
 */
export function judgeServers(
  deployment: V1Deployment,
  pods: readonly V1Pod[],
  serversMin: number,
  restartsBefore: ReadonlyMap<string, number>,
): ServersState {
  for (const [index, pod] of pods.entries()) {
    const status = serverStatus(pod);
    const deaths = (status?.restartCount ?? 0) - (restartsBefore.get(pod.metadata!.name!) ?? 0);
    const fault = status && faultOf(status, deaths, index + 1);
    if (fault) return { ...fault, pod };
    const unscheduled = pod.status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
    if (unscheduled)
      return {
        kind: 'waiting',
        why: `no node takes its server ${index + 1}: ${words(unscheduled.message ?? unscheduled.reason)}`,
        remedy: 'make room, or mend nodeSelector, tolerations, cpus and memoryMiB in serving.cluster',
        pod: null,
      };
  }
  const { observedGeneration = 0, replicas = 0, availableReplicas = 0, updatedReplicas = 0, conditions = [] } = deployment.status ?? {};
  const isSettled = observedGeneration >= (deployment.metadata?.generation ?? 0) && updatedReplicas === replicas;
  if (isSettled && availableReplicas >= serversMin && pods.filter(isReady).length >= serversMin) return { kind: 'ready' };
  const failure = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (failure)
    return {
      kind: 'waiting',
      why: `a pod could not be made: ${words(failure.message ?? failure.reason)}`,
      remedy: /quota/.test(failure.message ?? '')
        ? 'raise the namespace’s ResourceQuota, or retire other versions'
        : 'mend what the sentence names in serving.cluster',
      pod: null,
    };
  return {
    kind: 'waiting',
    why: `${pods.filter(isReady).length} of ${serversMin} are`,
    remedy: 'a slow start needs a greater serving.readySecondsMax',
    pod: pods.find((pod) => !isReady(pod)) ?? null,
  };
}

export function isReady(pod: V1Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Of the server's own container: a mesh may put others beside it. */
export function serverStatus(pod: V1Pod): V1ContainerStatus | null {
  return pod.status?.containerStatuses?.find(({ name }) => name === SERVER_CONTAINER) ?? null;
}

function faultOf(
  { state, lastState }: V1ContainerStatus,
  deaths: number,
  number: number,
): { kind: 'waiting' | 'hopeless'; why: string; remedy: string } | null {
  const waiting = state?.waiting;
  const refusal = refusals[waiting?.reason ?? ''];
  if (refusal !== undefined) {
    const why = `its server ${number} could not be started (${waiting!.reason}): ${words(waiting!.message)}`;
    return { kind: waiting!.reason === 'InvalidImageName' ? 'hopeless' : 'waiting', why, remedy: refusal };
  }
  const end = state?.terminated ?? lastState?.terminated;
  if (!end || deaths < 1) return null;
  const isOverMemory = end.reason === 'OOMKilled';
  const how = isOverMemory
    ? 'the kernel ended it for lack of memory (OOMKilled)'
    : words(lastLine(end.message ?? ''), `exit code ${end.exitCode}`);
  return {
    kind: deaths >= deathsMax ? 'hopeless' : 'waiting',
    why: `its server ${number} died ${deaths === 1 ? 'once' : `${deaths} times`}: ${how}`,
    remedy: isOverMemory ? 'raise serving.cluster.memoryMiB' : 'look at the pod’s last words: kubectl logs --previous',
  };
}

function words(text: string | undefined, none = 'it said nothing'): string {
  return text?.trim().slice(0, 500) || none;
}
