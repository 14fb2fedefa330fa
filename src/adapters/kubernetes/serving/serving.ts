import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig, V1Deployment, V1Pod } from '@kubernetes/client-node';
import { digestOf, type Digest } from '../../../domain/digest.js';
import { RatchetError } from '../../../domain/failure.js';
import { lastLine } from '../../../domain/job-words.js';
import { SERVING_PORT, type KubernetesServers } from '../../../domain/kubernetes-servers.js';
import { InstanceSpec, type FeatureRow, type Instance } from '../../../domain/serving.js';
import type { ObjectStore } from '../../../ports/object-store.js';
import type { Serving } from '../../../ports/serving.js';
import { askAt, inferOn } from '../../infer.js';
import { readPodLog } from '../pod-log.js';
import { kubernetesName } from '../route-object.js';
import { handEdits, type HandEdit } from './hand-edits.js';
import { companionManifests, deploymentManifest } from './instance-manifests.js';
import { SERVER_CONTAINER, SPEC_ANNOTATION } from './instance-names.js';
import { isReady, judgeServers, serverStatus, type ServersState } from './judge-servers.js';
import { createServingApi } from './serving-api.js';

export interface KubernetesServingOptions {
  readonly kubeConfig: KubeConfig;
  /** The first is that of models which name none. */
  readonly namespaces: readonly [string, ...string[]];
  readonly store: ObjectStore;
  /** Variables that every server gets: where the services are, no secrets. */
  readonly environment: Readonly<Record<string, string>>;
}

const lookMs = 500;
const healthMsMax = 2000;
/** After the time that requests have to end: pods that still go then are Kubernetes' to end. */
const retireMsMax = 30_000;

/** An instance that is there. */
interface Found {
  readonly deployment: V1Deployment;
  readonly spec: InstanceSpec;
  /** As it was made: of what is written down, not of what this version reads of it. */
  readonly digest: Digest;
}

/**
 * Instances as Deployments, each behind a Service of its own by which routes find it. Any worker finds an instance by its name;
 * the Deployment carries the whole spec.
 */
export function createKubernetesServing({ kubeConfig, namespaces, store, environment }: KubernetesServingOptions): Serving {
  const api = createServingApi(kubeConfig);
  return { prepare, ask, describe, list, retire };

  async function prepare(spec: InstanceSpec, signal: AbortSignal): Promise<Instance> {
    const { servers, namespace } = placeOf(spec);
    const untilMs = performance.now() + spec.readySecondsMax * 1000;
    let found = await find(spec.name);
    while (found?.deployment.metadata?.deletionTimestamp) {
      if (performance.now() > untilMs) throw notReady(spec, `waited ${spec.readySecondsMax} s for its servers of before to have ended`);
      await sleep(lookMs, undefined, { signal });
      found = await find(spec.name); // asked for again while it is retired
    }
    if (found !== null && found.digest !== digestOf(spec))
      throw new RatchetError('InstanceConflict', `instance ${spec.name}: expected the same spec as the one that runs, found another`, {
        remedy: 'serving, or the features of the model file, changed while it ran: a new cycle has a name of its own',
      });
    if (found === null) await store.getByDigest(spec.artifact.digest);
    const restartsBefore = found === null ? new Map<string, number>() : restartsOf(await podsOf(found.deployment));
    signal.throwIfAborted();
    const place = { namespace, storeUri: store.uri, environment };
    const deployment = await api.apply<V1Deployment>(deploymentManifest(spec, servers, place));
    refuseHandEdits(spec, deployment);
    for (const companion of companionManifests(spec, servers, deployment)) await api.apply(companion);
    await untilReady(spec, namespace, { untilMs, restartsBefore, signal });
    const instance = await describe(spec.name);
    if (instance === null) throw new RatchetError('ServingUnavailable', `instance ${spec.name}: somebody removed its Deployment just now`);
    return instance;
  }

  async function untilReady(
    spec: InstanceSpec,
    namespace: string,
    { untilMs, restartsBefore, signal }: { untilMs: number; restartsBefore: ReadonlyMap<string, number>; signal: AbortSignal },
  ): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const deployment = await api.readDeployment(namespace, kubernetesName(spec.name));
      if (deployment === null)
        throw new RatchetError('ServingUnavailable', `instance ${spec.name}: somebody removed its Deployment just now`);
      const pods = await podsOf(deployment);
      const judged = judgeServers(deployment, pods, spec.replicas, restartsBefore);
      const state = judged.kind === 'ready' ? await untilHeard(pods.filter(isReady), namespace) : judged;
      if (state.kind === 'ready') return;
      if (state.kind === 'hopeless') throw notReady(spec, state.why, state);
      if (performance.now() > untilMs) {
        const said = state.pod && lastLine(await readPodLog(api.core, state.pod, 4096, SERVER_CONTAINER));
        const why = `waited ${spec.readySecondsMax} s for its servers to answer: ${state.why}${said ? `: ${said}` : ''}`;
        throw notReady(spec, why, state);
      }
      await sleep(lookMs, undefined, { signal });
    }
  }

  /** Ready is what the kubelet says; that they answer us is seen by asking them. */
  async function untilHeard(pods: readonly V1Pod[], namespace: string): Promise<ServersState> {
    for (const pod of pods) {
      const signal = AbortSignal.timeout(healthMsMax);
      const heard = await askAt(addressOf(pod))({ path: '/v2/health/ready', signal }).then(({ status }) => `it said ${status}`, wordsOf);
      if (heard === 'it said 200') continue;
      const why = `its pod ${pod.metadata!.name} is ready, but at ${addressOf(pod)} it does not answer the worker: ${heard}`;
      const remedy = `let the worker in by serving.cluster.allowFrom, and run it where pods of ${namespace} can be reached`;
      return { kind: 'waiting', why, remedy, pod: null };
    }
    return { kind: 'ready' };
  }

  async function ask(name: string, rows: readonly FeatureRow[], signal: AbortSignal): Promise<number[][]> {
    const found = await find(name);
    const pods = found === null ? [] : (await podsOf(found.deployment)).filter(isReady);
    if (found === null || pods.length === 0)
      throw new RatchetError(
        'ServingUnavailable',
        `instance ${name}: expected it to run, found ${found === null ? 'none' : 'no server that is ready'}`,
      );
    return Promise.all(pods.map((pod) => inferOn(askAt(addressOf(pod)), found.spec, rows, signal)));
  }

  async function describe(name: string): Promise<Instance | null> {
    const found = await find(name);
    if (found === null || found.deployment.metadata?.deletionTimestamp) return null;
    return instanceOf(found, await podsOf(found.deployment), await editsOf(found));
  }

  /** What `prepare` would refuse. Whether it was set back meanwhile is known when it is applied again: that is tried, not done. */
  async function editsOf({ deployment, spec }: Found): Promise<readonly HandEdit[]> {
    const seen = handEdits(deployment, isScaled(spec));
    if (seen.length === 0 || spec.cluster?.kind !== 'kubernetes') return seen;
    const place = { namespace: deployment.metadata!.namespace!, storeUri: store.uri, environment };
    const applied = api.tryApply<V1Deployment>(deploymentManifest(spec, spec.cluster, place));
    return applied.then(
      (answer) => handEdits(answer, isScaled(spec)),
      (error: unknown) => {
        // Refused for these fields, or nothing better is known: looking must not fail where requests are to come back.
        if (error instanceof RatchetError) return seen;
        throw error;
      },
    );
  }

  async function list(model: string): Promise<Instance[]> {
    const found: Instance[] = [];
    for (const namespace of namespaces) {
      for (const deployment of await api.listDeployments(namespace, model)) {
        const each = foundIn(deployment);
        if (each !== null && !deployment.metadata?.deletionTimestamp) found.push(instanceOf(each, await podsOf(deployment)));
      }
    }
    return found;
  }

  async function retire(name: string, drainSeconds: number): Promise<void> {
    const found = await find(name);
    if (found === null) return;
    await api.deleteDeployment(found.deployment);
    const { namespace, name: objectName, uid } = found.deployment.metadata!;
    const untilMs = performance.now() + drainSeconds * 1000 + retireMsMax;
    while ((await api.readDeployment(namespace!, objectName!))?.metadata?.uid === uid && performance.now() < untilMs) await sleep(lookMs);
  }

  /** null: there is none, or what has its name is not ours. */
  async function find(name: string): Promise<Found | null> {
    for (const namespace of namespaces) {
      const deployment = await api.readDeployment(namespace, kubernetesName(name));
      const found = deployment && foundIn(deployment);
      if (found?.spec.name === name) return found;
    }
    return null;
  }

  async function podsOf({ metadata, spec }: V1Deployment): Promise<readonly V1Pod[]> {
    const selector = Object.entries(spec?.selector.matchLabels ?? {}).map(([label, value]) => `${label}=${value}`);
    const pods = await api.podsOf(metadata!.namespace!, selector.join(','));
    return pods.filter((pod) => !pod.metadata?.deletionTimestamp && pod.status?.phase !== 'Failed').toSorted(byName);
  }

  function placeOf(spec: InstanceSpec): { servers: KubernetesServers; namespace: string } {
    const servers = spec.cluster;
    if (servers?.kind !== 'kubernetes')
      throw new RatchetError(
        'SpecInvalid',
        `instance ${spec.name}: serving.cluster: expected kind kubernetes, found ${servers?.kind ?? 'none'}`,
      );
    const namespace = servers.namespace ?? namespaces[0];
    if (namespaces.includes(namespace)) return { servers, namespace };
    throw new RatchetError(
      'SpecInvalid',
      `instance ${spec.name}: serving.cluster.namespace: expected one that the worker serves in (${namespaces.join(', ')}), found ${namespace}`,
    );
  }
}

function instanceOf({ deployment, spec, digest }: Found, pods: readonly V1Pod[], edits: readonly HandEdit[] = []): Instance {
  const replicas = pods.map((pod) => ({
    address: addressOf(pod),
    ready: isReady(pod),
    restarts: serverStatus(pod)?.restartCount ?? 0,
  }));
  const missing = Math.max(0, (deployment.spec?.replicas ?? spec.replicas) - pods.length, replicas.length === 0 ? 1 : 0);
  const none = { address: `${kubernetesName(spec.name)}.${deployment.metadata!.namespace}:${SERVING_PORT}`, ready: false, restarts: 0 };
  return {
    name: spec.name,
    model: spec.model,
    version: spec.version,
    specDigest: digest,
    replicas: [...replicas, ...Array.from({ length: missing }, () => none)],
    ...(edits.length > 0 && { edits }),
  };
}

function isScaled({ cluster }: InstanceSpec): boolean {
  return cluster?.kind === 'kubernetes' && cluster.replicasMax !== undefined;
}

function foundIn(deployment: V1Deployment): Found | null {
  const text = deployment.metadata?.annotations?.[SPEC_ANNOTATION];
  if (text === undefined) return null;
  try {
    const document: unknown = JSON.parse(text);
    return { deployment, spec: InstanceSpec.parse(document), digest: digestOf(document) };
  } catch {
    return null; // of another version, or spoilt: then it is not ours to touch
  }
}

function addressOf({ metadata, status }: V1Pod): string {
  const ip = status?.podIP ?? metadata!.name!; // it has no address yet
  return `${ip.includes(':') ? `[${ip}]` : ip}:${SERVING_PORT}`;
}

function restartsOf(pods: readonly V1Pod[]): Map<string, number> {
  return new Map(pods.map((pod) => [pod.metadata!.name!, serverStatus(pod)?.restartCount ?? 0]));
}

function byName(one: V1Pod, other: V1Pod): number {
  return one.metadata!.name! < other.metadata!.name! ? -1 : 1;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** @throws {RatchetError} InstanceConflict: what runs is not what was asked for */
function refuseHandEdits(spec: InstanceSpec, deployment: V1Deployment): void {
  const { name, version } = spec;
  const edits = handEdits(deployment, isScaled(spec));
  if (edits.length === 0) return;
  const { namespace, name: objectName } = deployment.metadata!;
  throw new RatchetError(
    'InstanceConflict',
    `instance ${name} (${version}): expected its Deployment as it was made, found edits by hand: ${edits.slice(0, 10).join(', ')}`,
    { remedy: `nothing was overwritten: take them out with kubectl -n ${namespace} edit deployment ${objectName}, then ratchet retry` },
  );
}

function notReady(
  { version }: InstanceSpec,
  why: string,
  { remedy = '', pod = null }: { remedy?: string; pod?: V1Pod | null } = {},
): RatchetError {
  const at = pod && ` (pod ${pod.metadata!.namespace}/${pod.metadata!.name})`;
  return new RatchetError('InstanceNotReady', `${version}: expected its servers to be ready, found that ${why}${at ?? ''}`, { remedy });
}
