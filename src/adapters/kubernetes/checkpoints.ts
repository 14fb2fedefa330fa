import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Job } from '@kubernetes/client-node';
import { digestOfBytes, shortDigest } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import type { JobSpec } from '../../domain/job.js';
import type { KubernetesCluster } from '../../domain/kubernetes-cluster.js';
import type { JobApi } from './job-api.js';
import { CHECKPOINTS_MOUNT, type JobPlace } from './job-manifest.js';
import { isFinished } from './job-state.js';
import { CHECKPOINTS_ANNOTATION, CONTAINER, FIELD_MANAGER, MANAGED_LABEL } from './job-names.js';

const clearMsMax = 30_000;
const clearLookMs = 500;

/** Where a job's checkpoints lie: on the claimed volume, else in the object store. @throws {RatchetError} JobSpecInvalid: neither */
export function checkpointsOf(
  { name, checkpoints }: JobSpec,
  { checkpointClaim }: KubernetesCluster,
  storeUri: string,
): JobPlace['checkpoints'] {
  if (checkpoints === undefined) return null;
  if (checkpointClaim !== undefined) return { uri: `${CHECKPOINTS_MOUNT}/${checkpoints}`, claim: checkpointClaim };
  if (storeUri.startsWith('s3://')) return { uri: `${storeUri.replace(/\/+$/, '')}/checkpoints/${checkpoints}`, claim: null };
  throw new RatchetError('JobSpecInvalid', `job ${name}: trainer.checkpoints: expected a place that outlives the pod, found none`, {
    remedy: 'name a claim in trainer.cluster.checkpointClaim, or keep the object store on S3; then: ratchet retry',
  });
}

/**
 * Empties the place that these trainings had on their volume, where they had one, and waits until it is empty: who trains there
 * next must not find half of it. Where the cluster has no room for that, it is emptied later.
 */
export async function clearClaimed(
  { applyJob, readJob }: Pick<JobApi, 'applyJob' | 'readJob'>,
  trained: readonly V1Job[],
  waitMsMax = clearMsMax,
): Promise<void> {
  const made = ({ metadata }: V1Job) => new Date(metadata?.creationTimestamp ?? 0).getTime();
  const last = trained.toSorted((one, other) => made(other) - made(one)).find((job) => clearingManifest(job) !== null);
  if (!last) return;
  const clearing = clearingManifest(last)!;
  const { name, namespace } = clearing.metadata!;
  await applyJob(clearing);
  const untilMs = performance.now() + waitMsMax;
  while (performance.now() < untilMs) {
    const job = await readJob(namespace!, name!);
    if (!job || isFinished(job)) return;
    await sleep(clearLookMs);
  }
}

/**
 * The Job that removes what a finished training left on its volume, as that training ran: only a pod can reach it. null: it kept
 * nothing there. Named by that training, so asked twice it is one, and the next training there has one of its own.
 */
function clearingManifest(trained: V1Job): V1Job | null {
  const place = trained.metadata?.annotations?.[CHECKPOINTS_ANNOTATION];
  const pod = trained.spec?.template.spec;
  const container = pod?.containers.find(({ name }) => name === CONTAINER);
  const volume = pod?.volumes?.find(({ name }) => name === 'checkpoints');
  if (place === undefined || !pod || !container || !volume) return null;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `ratchet-clear-${shortDigest(digestOfBytes(`${place} ${trained.metadata!.uid}`))}`,
      namespace: trained.metadata!.namespace!,
      labels: { [MANAGED_LABEL]: FIELD_MANAGER },
    },
    spec: {
      backoffLimit: 3,
      activeDeadlineSeconds: 3600,
      ttlSecondsAfterFinished: 300,
      template: {
        metadata: { labels: { [MANAGED_LABEL]: FIELD_MANAGER } },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          securityContext: pod.securityContext!,
          ...(pod.tolerations && { tolerations: pod.tolerations }),
          ...(pod.imagePullSecrets && { imagePullSecrets: pod.imagePullSecrets }),
          containers: [
            {
              name: 'clear',
              image: container.image!,
              command: ['sh', '-c', 'rm -rf "$1"', 'clear', `${CHECKPOINTS_MOUNT}/${place}`],
              resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '64Mi' } },
              securityContext: container.securityContext!,
              volumeMounts: [{ name: 'checkpoints', mountPath: CHECKPOINTS_MOUNT }],
            },
          ],
          volumes: [volume],
        },
      },
    },
  };
}
