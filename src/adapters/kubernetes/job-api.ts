import { BatchV1Api, CoreV1Api, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import type { KubeConfig, V1ConfigMap, V1Job, V1Pod } from '@kubernetes/client-node';
import { RatchetError } from '../../domain/failure.js';
import { explainApiError, statusOf } from './api-error.js';
import { FIELD_MANAGER, JOB_NAME_LABEL } from './job-names.js';

const answerMsMax = 30_000;
const apply = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply);
const applied = { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' } as const;

export type JobApi = ReturnType<typeof createJobApi>;

/** The few calls that jobs need, each with a limit of time and errors in our words. */
export function createJobApi(kubeConfig: KubeConfig) {
  const batch = kubeConfig.makeApiClient(BatchV1Api);
  const core = kubeConfig.makeApiClient(CoreV1Api);
  return { batch, core, readJob, applyJob, applyConfigMap, deleteJob, podsOf, complaintsOf };

  async function readJob(namespace: string, name: string): Promise<V1Job | null> {
    return orNull(ask(`job ${namespace}/${name}`, batch.readNamespacedJob({ name, namespace })));
  }

  /** null: the name is taken by a Job that cannot become this one. */
  async function applyJob(body: V1Job): Promise<V1Job | null> {
    const { name, namespace } = body.metadata!;
    const request = batch.patchNamespacedJob({ name: name!, namespace: namespace!, body, ...applied }, apply);
    try {
      return await ask(`job ${namespace}/${name}`, request);
    } catch (error) {
      const status = statusOf((error as RatchetError).cause);
      const isTaken = status === 409 || (status === 422 && /immutable/.test((error as RatchetError).message));
      if (isTaken) return null;
      throw error;
    }
  }

  async function applyConfigMap(body: V1ConfigMap): Promise<void> {
    const { name, namespace } = body.metadata!;
    await ask(
      `config map ${namespace}/${name}`,
      core.patchNamespacedConfigMap({ name: name!, namespace: namespace!, body, ...applied }, apply),
    );
  }

  /** Its pod gets SIGTERM and its grace time; the Job stays until it is gone. */
  async function deleteJob(namespace: string, name: string, uid: string): Promise<void> {
    await orNull(
      ask(
        `job ${namespace}/${name}`,
        batch.deleteNamespacedJob({ name, namespace, body: { propagationPolicy: 'Foreground', preconditions: { uid } } }),
      ),
    );
  }

  async function podsOf(namespace: string, jobName: string): Promise<readonly V1Pod[]> {
    const labelSelector = `${JOB_NAME_LABEL}=${jobName}`;
    return (await ask(`pods of job ${namespace}/${jobName}`, core.listNamespacedPod({ namespace, labelSelector }))).items;
  }

  /** Why a Job gets no pod: it says so in events alone. The last complaint; null without one. */
  async function complaintsOf(job: V1Job): Promise<string | null> {
    const { namespace, name, uid } = job.metadata!;
    const fieldSelector = `involvedObject.uid=${uid},type=Warning`;
    const { items } = await ask(`events of job ${namespace}/${name}`, core.listNamespacedEvent({ namespace: namespace!, fieldSelector }));
    return items.at(-1)?.message ?? null;
  }
}

/** Asks within a limit of time. @throws {RatchetError} */
export async function ask<T>(what: string, request: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new RatchetError('ClusterUnavailable', `${what}: expected an answer of the API server within ${answerMsMax / 1000} s`);
    timer = setTimeout(() => reject(error), answerMsMax);
  });
  try {
    return await Promise.race([request, late]);
  } catch (error) {
    throw explainApiError(error, what);
  } finally {
    clearTimeout(timer);
  }
}

async function orNull<T>(request: Promise<T>): Promise<T | null> {
  try {
    return await request;
  } catch (error) {
    if (statusOf((error as RatchetError).cause) === 404) return null;
    throw error;
  }
}
