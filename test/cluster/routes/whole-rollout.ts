import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { exclusively } from '../../../scripts/exclusive.mjs';
import type { KubernetesRouter } from '../../../src/domain/serving-cluster.js';
import { MODEL } from '../../chaos/quick-stack.js';
import { startServedStack, type Edits, type ServedStack } from '../../traffic/served-stack.js';
import { startSteadyCallers } from '../../traffic/steady-callers.js';
import { STEPS_FOLDER } from '../real-training.js';
import { startLoopbackNode, type LoopbackNode } from '../serving/loopback-node.js';
import { openWorkerNamespace } from '../worker-namespace.js';

/** Where callers of a rollout ask. */
export interface RolloutGateway {
  readonly url: string;
  /** Which versions are sent a model's requests, with what weight, as the proxy says. */
  split(model: string): Promise<Readonly<Record<string, number>>>;
}

/** What moves the traffic of a whole rollout. */
export interface RolloutMover {
  /** Of deploy/kubernetes. */
  readonly rights: string;
  router(namespace: string): KubernetesRouter;
  /** Of the model file. */
  readonly edits: Edits;
  /** Before the pods of this namespace; ended after the test. */
  openGateway(namespace: string): Promise<RolloutGateway>;
}

/** So long a proxy may take to follow what its control plane has taken. */
const aMoment = { timeout: 60_000 };

/** Rollouts of real workers, with real model servers in the pods, whose requests are moved on Kubernetes. Its definitions are there. */
export function testWholeRollout({ rights, router, edits, openGateway }: RolloutMover): void {
  const kubernetes = inject('kubernetes');
  const python = inject('python');
  let home: string;
  let opened: Awaited<ReturnType<typeof openWorkerNamespace>>;
  let node: LoopbackNode;
  let stack: ServedStack | undefined;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'ratchet-rollout-'));
    opened = await openWorkerNamespace(kubernetes!, 'rollout', ['serving-rbac.yaml', rights]);
    const environment = { PYTHONPATH: STEPS_FOLDER, RATCHET_SERVE_EXAMPLE_FAULTS: '1', OMP_NUM_THREADS: '1' };
    node = await startLoopbackNode(kubernetes!.kubeconfig, opened.namespace, { python, environment });
  });
  afterAll(async () => {
    await stack?.stop();
    await node?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  /** The file of a laptop, with where it is served. */
  async function startStack(): Promise<ServedStack> {
    const way = router(opened.namespace);
    const cluster = {
      kind: 'kubernetes',
      image: 'registry.example/serve@sha256:0',
      cpus: 0.1,
      nodeSelector: { node: opened.namespace },
      router: way,
    };
    const serving = `  serving: { timeoutMs: 30000, readySecondsMax: 300, cluster: ${JSON.stringify(cluster)} }`;
    // The machine is shared with other tests: who is slower says nothing here, and is tried in test/traffic.
    const latency = '      - { kind: latency, margin: 1, detect: 16 }\n';
    const all: Edits = [['  serving: { timeoutMs: 30000, readySecondsMax: 300 }', serving], [latency, ''], ...edits];
    return startServedStack(all, {
      RATCHET_KUBERNETES_SERVING_NAMESPACES: opened.namespace,
      RATCHET_KUBERNETES_ROUTERS: way.kind,
      RATCHET_KUBECONFIG: opened.writeKubeconfig(join(home, 'worker.kubeconfig')),
    });
  }

  test('a harmless challenger is promoted and bakes, a wrong one is turned back, and no request fails', async () => {
    // One at a time of this run: two of them on two cores miss windows of their watches, which is tried in test/traffic.
    await exclusively(`${kubernetes!.kubeconfig}.rollout`, rollOut);
  }, 800_000);

  async function rollOut(): Promise<void> {
    const gateway = await openGateway(opened.namespace);
    stack = await startStack();
    const inputs = [{ name: 'distance', shape: [1], datatype: 'FP64', data: [700] }];
    const callers = startSteadyCallers({
      url: `${gateway.url}/v2/models/${MODEL}/infer`,
      callers: 4,
      pauseMs: 40,
      body: () => JSON.stringify({ inputs }),
    });
    try {
      const harmless = await stack.challenge({});
      const { outcome, reason } = await stack.body(harmless, 'cycle-ended');
      expect(outcome, reason).toBe('promoted');
      await stack.body(harmless, 'baked');
      await expect.poll(() => gateway.split(MODEL), aMoment).toEqual({ [`${MODEL}-${harmless}`]: 100 });
      const wrong = await stack.challenge({ shift: 0.55 });
      const withdrawn = await stack.body(wrong, 'withdrawn');
      expect(withdrawn.reason).toMatch(/mean: the mean score differs/);
      expect(await stack.outcomeOf(wrong)).toBe('rejected');
      await expect.poll(() => gateway.split(MODEL), aMoment).toEqual({ [`${MODEL}-${harmless}`]: 100 });
      expect(callers.failures).toEqual([]);
      expect(callers.answered.size).toBeGreaterThan(1);
    } finally {
      await callers.stop();
    }
    expect((await stack.cli(['replay', MODEL])).code).toBe(0);
  }
}
