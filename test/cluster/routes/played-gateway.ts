import { CoreV1Api } from '@kubernetes/client-node';
import { loadKubeConfig } from '../../../src/adapters/kubernetes/kube-config.js';
import { objectsIn, type ObjectsInTest } from './open-routes.js';
import { startTestGateway, type Rule } from './test-gateway.js';
import type { RolloutGateway } from './whole-rollout.js';

export interface PlayedGatewayOptions {
  readonly kubeconfig: string;
  /** What is in force, now and later. */
  follow(objects: ObjectsInTest): () => Promise<readonly Rule[]>;
  /** The labels of a Service's pods. */
  selectorOf(service: string, core: CoreV1Api, namespace: string): Promise<string>;
}

interface Endpoint {
  readonly version: string;
  readonly address: string;
}

/** The small gateway of our own before the pods of a namespace. */
export async function openPlayedGateway(
  { kubeconfig, follow, selectorOf }: PlayedGatewayOptions,
  namespace: string,
): Promise<RolloutGateway> {
  const config = loadKubeConfig(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const rules = follow(objectsIn(config, namespace));
  const endpoints = new Map<string, { readonly untilMs: number; readonly endpoint: Promise<Endpoint> }>();
  const url = await startTestGateway(rules, async (service) => (await endpointOf(service)).address);
  return { url, split };

  /** One of the pods of a Service that are ready; looked up a few times a second. */
  function endpointOf(service: string): Promise<Endpoint> {
    const known = endpoints.get(service);
    if (known !== undefined && performance.now() < known.untilMs) return known.endpoint;
    const endpoint = lookUp(service);
    endpoints.set(service, { untilMs: performance.now() + 250, endpoint });
    return endpoint;
  }

  async function lookUp(service: string): Promise<Endpoint> {
    const labelSelector = await selectorOf(service, core, namespace);
    const { items } = await core.listNamespacedPod({ namespace, labelSelector });
    const ready = items.find(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
    if (ready === undefined) throw new Error(`Service ${service}: no pod is ready`);
    return { version: ready.metadata!.labels!['ratchet.dev/instance']!, address: `${ready.status!.podIP}:8080` };
  }

  async function split(): Promise<Record<string, number>> {
    const sent = (await rules()).at(-1)!.backends.filter(({ weight }) => weight > 0);
    return Object.fromEntries(
      await Promise.all(sent.map(async ({ service, weight }) => [(await lookUp(service)).version, weight] as const)),
    );
  }
}
