import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { loadKubeConfig } from '../../src/adapters/kubernetes/kube-config.js';
import { MODEL } from '../chaos/quick-stack.js';
import { startServedStack, type ServedStack } from '../traffic/served-stack.js';
import { startSteadyCallers } from '../traffic/steady-callers.js';
import { STEPS_FOLDER } from './real-training.js';
import { startGatewayController } from './routes/gateway-controller.js';
import { goModuleFolder } from './routes/go-module.js';
import { installDefinitions, objectsIn, type ObjectsInTest } from './routes/open-routes.js';
import { startTestGateway } from './routes/test-gateway.js';
import { startLoopbackNode, type LoopbackNode } from './serving/loopback-node.js';
import { openWorkerNamespace } from './worker-namespace.js';

const kubernetes = inject('kubernetes');
const python = inject('python');
const GROUP = 'gateway.networking.k8s.io';

interface Backends {
  readonly spec: { readonly rules: readonly { readonly backendRefs: readonly { readonly name: string; readonly weight: number }[] }[] };
}

describe.skipIf(kubernetes === null)('rollouts through an HTTPRoute (skipped where no control plane was built)', () => {
  const config = kubernetes === null ? null : loadKubeConfig(kubernetes.kubeconfig);
  let home: string;
  let opened: Awaited<ReturnType<typeof openWorkerNamespace>>;
  let node: LoopbackNode;
  let objects: ObjectsInTest;
  let stack: ServedStack | undefined;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'ratchet-rollout-'));
    opened = await openWorkerNamespace(kubernetes!, 'rollout', ['serving-rbac.yaml', 'gateway-api-rbac.yaml']);
    objects = objectsIn(config!, opened.namespace);
    const definitions = join(await goModuleFolder('sigs.k8s.io/gateway-api'), 'config/crd/standard');
    await installDefinitions(kubernetes!, [join(definitions, `${GROUP}_httproutes.yaml`)]);
    const environment = { PYTHONPATH: STEPS_FOLDER, RATCHET_SERVE_EXAMPLE_FAULTS: '1', OMP_NUM_THREADS: '1' };
    node = await startLoopbackNode(kubernetes!.kubeconfig, opened.namespace, { python, environment });
  });
  afterAll(async () => {
    await stack?.stop();
    await node?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const addresses = new Map<string, { readonly untilMs: number; readonly address: Promise<string> }>();
  /** Of one of the pods of a version that are ready, as a Service finds it; looked up a few times a second. */
  function addressOf(service: string): Promise<string> {
    const known = addresses.get(service);
    if (known !== undefined && performance.now() < known.untilMs) return known.address;
    const address = lookUp(service);
    addresses.set(service, { untilMs: performance.now() + 250, address });
    return address;
  }
  async function lookUp(service: string): Promise<string> {
    const labelSelector = `ratchet.dev/instance=${service}`;
    const { items } = await config!.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: opened.namespace, labelSelector });
    const ready = items.find(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
    if (ready === undefined) throw new Error(`Service ${service}: no pod is ready`);
    return `${ready.status!.podIP}:8080`;
  }

  /** Who is sent requests, with what weight, by all rules of the model's route. */
  async function split(): Promise<Record<string, number>> {
    const [route] = await objects.list<Backends>(GROUP, 'httproutes');
    return Object.fromEntries(route!.spec.rules.at(-1)!.backendRefs.map(({ name, weight }) => [name, weight]));
  }

  /** The file of a laptop, with where it is served. */
  async function startStack(): Promise<ServedStack> {
    const router = { kind: 'gateway-api', gateway: { name: 'public' } };
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
    const edits = [['  serving: { timeoutMs: 2000, readySecondsMax: 30 }', serving] as const, [latency, ''] as const];
    return startServedStack(edits, {
      RATCHET_KUBERNETES_SERVING_NAMESPACES: opened.namespace,
      RATCHET_KUBECONFIG: opened.writeKubeconfig(join(home, 'worker.kubeconfig')),
    });
  }

  test('a harmless challenger is promoted and bakes, a wrong one is turned back, and no request fails', async () => {
    const gateway = await startTestGateway(startGatewayController(objects).rules, addressOf);
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
      expect(await split()).toEqual({ [`${MODEL}-${harmless}`]: 100 });
      const wrong = await stack.challenge({ shift: 0.55 });
      const withdrawn = await stack.body(wrong, 'withdrawn');
      expect(withdrawn.reason).toMatch(/mean: the mean score differs/);
      expect(await stack.outcomeOf(wrong)).toBe('rejected');
      expect(await split()).toEqual({ [`${MODEL}-${harmless}`]: 100 });
      expect(callers.failures).toEqual([]);
      expect(callers.answered.size).toBeGreaterThan(1);
    } finally {
      await callers.stop();
    }
    expect((await stack.cli(['replay', MODEL])).code).toBe(0);
  }, 400_000);
});
