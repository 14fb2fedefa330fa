import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { loadKubeConfig } from '../../../src/adapters/kubernetes/kube-config.js';
import type { KubernetesRouter } from '../../../src/domain/serving-cluster.js';
import { MODEL } from '../../chaos/quick-stack.js';
import { startServedStack, type Edits, type ServedStack } from '../../traffic/served-stack.js';
import { startSteadyCallers } from '../../traffic/steady-callers.js';
import { STEPS_FOLDER } from '../real-training.js';
import { startLoopbackNode, type LoopbackNode } from '../serving/loopback-node.js';
import { openWorkerNamespace } from '../worker-namespace.js';
import { objectsIn, type ObjectsInTest } from './open-routes.js';
import { startTestGateway, type Rule } from './test-gateway.js';

/** What moves the traffic of a whole rollout. */
export interface RolloutMover {
  /** Of deploy/kubernetes. */
  readonly rights: string;
  readonly router: KubernetesRouter;
  /** Of the model file. */
  readonly edits: Edits;
  /** What is in force, now and later. */
  follow(objects: ObjectsInTest): () => Promise<readonly Rule[]>;
  /** The labels of a Service's pods. */
  selectorOf(service: string, core: CoreV1Api, namespace: string): Promise<string>;
}

const INSTANCE = 'ratchet.dev/instance';

/** Rollouts of real workers, with real model servers in the pods, whose requests are moved on Kubernetes. Its definitions are there. */
export function testWholeRollout({ rights, router, edits, follow, selectorOf }: RolloutMover): void {
  const kubernetes = inject('kubernetes');
  const python = inject('python');
  const config = kubernetes === null ? null : loadKubeConfig(kubernetes.kubeconfig);
  let home: string;
  let opened: Awaited<ReturnType<typeof openWorkerNamespace>>;
  let node: LoopbackNode;
  let objects: ObjectsInTest;
  let stack: ServedStack | undefined;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'ratchet-rollout-'));
    opened = await openWorkerNamespace(kubernetes!, 'rollout', ['serving-rbac.yaml', rights]);
    objects = objectsIn(config!, opened.namespace);
    const environment = { PYTHONPATH: STEPS_FOLDER, RATCHET_SERVE_EXAMPLE_FAULTS: '1', OMP_NUM_THREADS: '1' };
    node = await startLoopbackNode(kubernetes!.kubeconfig, opened.namespace, { python, environment });
  });
  afterAll(async () => {
    await stack?.stop();
    await node?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  interface Endpoint {
    readonly version: string;
    readonly address: string;
  }
  const endpoints = new Map<string, { readonly untilMs: number; readonly endpoint: Promise<Endpoint> }>();
  /** One of the pods of a Service that are ready; looked up a few times a second. */
  function endpointOf(service: string): Promise<Endpoint> {
    const known = endpoints.get(service);
    if (known !== undefined && performance.now() < known.untilMs) return known.endpoint;
    const endpoint = lookUp(service);
    endpoints.set(service, { untilMs: performance.now() + 250, endpoint });
    return endpoint;
  }
  async function lookUp(service: string): Promise<Endpoint> {
    const core = config!.makeApiClient(CoreV1Api);
    const labelSelector = await selectorOf(service, core, opened.namespace);
    const { items } = await core.listNamespacedPod({ namespace: opened.namespace, labelSelector });
    const ready = items.find(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
    if (ready === undefined) throw new Error(`Service ${service}: no pod is ready`);
    return { version: ready.metadata!.labels![INSTANCE]!, address: `${ready.status!.podIP}:8080` };
  }

  /** Which versions are sent requests, with what weight, by all rules of the model's route. */
  async function split(rules: () => Promise<readonly Rule[]>): Promise<Record<string, number>> {
    const sent = (await rules()).at(-1)!.backends.filter(({ weight }) => weight > 0);
    return Object.fromEntries(
      await Promise.all(sent.map(async ({ service, weight }) => [(await lookUp(service)).version, weight] as const)),
    );
  }

  /** The file of a laptop, with where it is served. */
  async function startStack(): Promise<ServedStack> {
    const cluster = {
      kind: 'kubernetes',
      image: 'registry.example/serve@sha256:0',
      cpus: 0.1,
      nodeSelector: { node: opened.namespace },
      router,
    };
    const serving = `  serving: { timeoutMs: 2000, readySecondsMax: 60, cluster: ${JSON.stringify(cluster)} }`;
    // The machine is shared with other tests: who is slower says nothing here, and is tried in test/traffic.
    const latency = '      - { kind: latency, margin: 1, detect: 16 }\n';
    const all: Edits = [['  serving: { timeoutMs: 2000, readySecondsMax: 30 }', serving], [latency, ''], ...edits];
    return startServedStack(all, {
      RATCHET_KUBERNETES_SERVING_NAMESPACES: opened.namespace,
      RATCHET_KUBERNETES_ROUTERS: router.kind,
      RATCHET_KUBECONFIG: opened.writeKubeconfig(join(home, 'worker.kubeconfig')),
    });
  }

  test('a harmless challenger is promoted and bakes, a wrong one is turned back, and no request fails', async () => {
    const rules = follow(objects);
    const gateway = await startTestGateway(rules, async (service) => (await endpointOf(service)).address);
    stack = await startStack();
    const inputs = [{ name: 'distance', shape: [1], datatype: 'FP64', data: [700] }];
    const callers = startSteadyCallers({
      url: `${gateway}/v2/models/${MODEL}/infer`,
      callers: 4,
      pauseMs: 40,
      body: () => JSON.stringify({ inputs }),
    });
    try {
      const harmless = await stack.challenge({});
      const { outcome, reason } = await stack.body(harmless, 'cycle-ended');
      expect(outcome, reason).toBe('promoted');
      await stack.body(harmless, 'baked');
      expect(await split(rules)).toEqual({ [`${MODEL}-${harmless}`]: 100 });
      const wrong = await stack.challenge({ shift: 0.55 });
      const withdrawn = await stack.body(wrong, 'withdrawn');
      expect(withdrawn.reason).toMatch(/mean: the mean score differs/);
      expect(await stack.outcomeOf(wrong)).toBe('rejected');
      expect(await split(rules)).toEqual({ [`${MODEL}-${harmless}`]: 100 });
      expect(callers.failures).toEqual([]);
      expect(callers.answered.size).toBeGreaterThan(1);
    } finally {
      await callers.stop();
    }
    expect((await stack.cli(['replay', MODEL])).code).toBe(0);
  }, 400_000);
}
