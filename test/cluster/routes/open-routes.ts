import { readFileSync } from 'node:fs';
import { CoreV1Api, CustomObjectsApi, KubeConfig, KubernetesObjectApi, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import type { KubernetesObject } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { createRouteApi, type RouteApi } from '../../../src/adapters/kubernetes/route-api.js';
import { createKubectl } from '../../servers/kubectl.js';
import { startModelReplica, type ModelReplica } from '../../servers/model-replica.js';

/** Custom objects of a namespace, with the administrator's rights. */
export interface ObjectsInTest {
  /** Objects of a kind in this namespace, as they are now. */
  list<T>(group: string, plural: string): Promise<T[]>;
  /** Changes an object as a person with kubectl would: by a JSON patch. */
  edit(group: string, plural: string, name: string, patch: readonly object[]): Promise<void>;
  /** Says what a controller thinks of an object. */
  setStatus(group: string, plural: string, name: string, status: object): Promise<void>;
}

export interface RoutesInTest extends ObjectsInTest {
  readonly api: RouteApi;
  /** Of the worker: its rights are few. */
  readonly kubeConfig: KubeConfig;
  readonly namespace: string;
  /** By the name of their Service. */
  readonly replicas: Readonly<Record<'m-1' | 'm-2', ModelReplica>>;
  readonly addresses: Readonly<Record<string, string>>;
}

let namespaces = 0;

/**
 * A namespace of its own with two instances that answer, each behind a Service. The routers' own calls have the rights of a file
 * of deploy/kubernetes and no others.
 */
export async function openRoutes(prefix: string, { kubeconfig }: { readonly kubeconfig: string }, rights: string): Promise<RoutesInTest> {
  const namespace = `${prefix}-${++namespaces}`;
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  await core.createNamespace({ body: { metadata: { name: namespace } } });
  const kubeConfig = await workerIn(namespace, config, rights);
  const replicas = { 'm-1': await startModelReplica('m-1'), 'm-2': await startModelReplica('m-2') };
  for (const name of Object.keys(replicas))
    await core.createNamespacedService({ namespace, body: { metadata: { name }, spec: { ports: [{ port: 8080 }] } } });
  return {
    api: createRouteApi(kubeConfig, namespace),
    kubeConfig,
    namespace,
    replicas,
    addresses: Object.fromEntries(Object.entries(replicas).map(([name, { address }]) => [name, address])),
    ...objectsIn(config, namespace),
  };
}

export function objectsIn(config: KubeConfig, namespace: string): ObjectsInTest {
  const objects = config.makeApiClient(CustomObjectsApi);
  return {
    async list<T>(group: string, plural: string) {
      const found: unknown = await objects.listNamespacedCustomObject({ group, version: versionOf(group), plural, namespace });
      return (found as { items: T[] }).items;
    },
    async edit(group, plural, name, patch) {
      const request = { group, version: versionOf(group), plural, namespace, name, body: patch, fieldManager: 'somebody' };
      await objects.patchNamespacedCustomObject(request, setHeaderOptions('Content-Type', PatchStrategy.JsonPatch));
    },
    async setStatus(group, plural, name, status) {
      const request = { group, version: versionOf(group), plural, namespace, name, body: { status } };
      await objects.patchNamespacedCustomObjectStatus(request, setHeaderOptions('Content-Type', PatchStrategy.MergePatch));
    },
  };
}

function versionOf(group: string): string {
  return group === 'argoproj.io' ? 'v1alpha1' : 'v1';
}

async function workerIn(namespace: string, config: KubeConfig, rights: string): Promise<KubeConfig> {
  const file = new URL(`../../../deploy/kubernetes/${rights}`, import.meta.url);
  const objects = KubernetesObjectApi.makeApiClient(config);
  for (const document of parseAllDocuments(readFileSync(file, 'utf8'))) {
    const { metadata, ...object } = document.toJS() as KubernetesObject;
    await objects.create({ ...object, metadata: { ...metadata, namespace } });
  }
  const body = { spec: { audiences: [] } };
  const { status } = await config.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({ namespace, name: 'ratchet-worker', body });
  const worker = new KubeConfig();
  worker.loadFromClusterAndUser(config.getCurrentCluster()!, { name: 'worker', token: status!.token });
  return worker;
}

/** Makes objects, or takes those that are there over, with the administrator's rights. */
export async function applyObjects(
  { binary, kubeconfig }: { binary: string; kubeconfig: string },
  items: readonly object[],
): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items };
  await createKubectl(binary, kubeconfig)(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(list));
}
