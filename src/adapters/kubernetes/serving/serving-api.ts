import { AppsV1Api, CoreV1Api, CustomObjectsApi, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import type { KubeConfig, V1Deployment, V1Pod } from '@kubernetes/client-node';
import { MODEL_LABEL } from '../job-names.js';
import { statusOf } from '../api-error.js';
import type { Manifest } from './instance-manifests.js';
import { INSTANCE_LABEL, SERVING_MANAGER } from './instance-names.js';
import { explainServingError, reasonOf } from './serving-error.js';

const answerMsMax = 30_000;
const asApply = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply);
const applied = { fieldManager: SERVING_MANAGER, fieldValidation: 'Strict', force: false } as const;
const plurals: Readonly<Record<Manifest['kind'], string>> = {
  Deployment: 'deployments',
  Service: 'services',
  PodDisruptionBudget: 'poddisruptionbudgets',
  HorizontalPodAutoscaler: 'horizontalpodautoscalers',
  NetworkPolicy: 'networkpolicies',
};

/** The few calls that serving needs, each with a limit of time and errors in our words. */
export function createServingApi(kubeConfig: KubeConfig) {
  const apps = kubeConfig.makeApiClient(AppsV1Api);
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const objects = kubeConfig.makeApiClient(CustomObjectsApi); // sends what it is given as it is
  return { core, readDeployment, listDeployments, apply, tryApply, deleteDeployment, podsOf };

  async function readDeployment(namespace: string, name: string): Promise<V1Deployment | null> {
    return answer(`Deployment ${namespace}/${name}`, () => apps.readNamespacedDeployment({ name, namespace }), [404]);
  }

  async function listDeployments(namespace: string, model: string): Promise<readonly V1Deployment[]> {
    const labelSelector = `${INSTANCE_LABEL},${MODEL_LABEL}=${model}`;
    const found = await answer(`Deployments in ${namespace}`, () => apps.listNamespacedDeployment({ namespace, labelSelector }));
    return found!.items;
  }

  /** Makes it, or leaves it as it is: what another manager has changed is not taken back. @throws {RatchetError} InstanceConflict */
  async function apply<T>(body: Manifest): Promise<T> {
    return patch(body, applied);
  }

  /** What `apply` would answer now; nothing is changed. */
  async function tryApply<T>(body: Manifest): Promise<T> {
    return patch(body, { ...applied, dryRun: 'All' });
  }

  async function patch<T>(body: Manifest, how: typeof applied & { readonly dryRun?: 'All' }): Promise<T> {
    const { name, namespace } = body.metadata as { name: string; namespace: string };
    const what = `${body.kind} ${namespace}/${name}`;
    const [group, version] = body.apiVersion.split('/') as [string, string?];
    const request = (): Promise<T> =>
      version === undefined
        ? (core.patchNamespacedService({ name, namespace, body, ...how }, asApply) as Promise<T>)
        : objects.patchNamespacedCustomObject({ group, version, namespace, plural: plurals[body.kind]!, name, body, ...how }, asApply);
    for (;;) {
      try {
        return (await answer(what, request))!;
      } catch (error) {
        // Another worker made it between the API server's look and its write.
        if (reasonOf((error as Error).cause) !== 'AlreadyExists') throw error;
      }
    }
  }

  /** With all that it owns; it stays until that is gone. */
  async function deleteDeployment({ metadata }: V1Deployment): Promise<void> {
    const { namespace, name, uid } = metadata!;
    const body = { propagationPolicy: 'Foreground', preconditions: { uid: uid! } };
    await answer(
      `Deployment ${namespace}/${name}`,
      () => apps.deleteNamespacedDeployment({ name: name!, namespace: namespace!, body }),
      [404, 409], // gone, or another of the same name
    );
  }

  async function podsOf(namespace: string, labelSelector: string): Promise<readonly V1Pod[]> {
    return (await answer(`pods in ${namespace}`, () => core.listNamespacedPod({ namespace, labelSelector })))!.items;
  }
}

/** null: one of the statuses that mean that there is nothing. */
async function answer<T>(what: string, request: () => Promise<T>, nothing: readonly number[] = []): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${answerMsMax / 1000} s`)), answerMsMax);
  });
  try {
    return await Promise.race([request(), late]);
  } catch (error) {
    const status = statusOf(error);
    if (status !== null && nothing.includes(status)) return null;
    throw explainServingError(error, what);
  } finally {
    clearTimeout(timer);
  }
}
